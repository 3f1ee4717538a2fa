//! `${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `${file:path}` inside string literals.

/// Replaces the variables of one literal. Values never appear in errors: they may be secrets.
pub fn substitute(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        out.push_str(&rest[..start]);
        let Some(len) = rest[start..].find('}') else {
            return Err("`${` without `}`".into());
        };
        out.push_str(&value(&rest[start + 2..start + len], env)?);
        rest = &rest[start + len + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn value(inner: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    if let Some(path) = inner.strip_prefix("file:") {
        let read = std::fs::read_to_string(path);
        let text = read.map_err(|error| format!("${{file:{path}}}: {error}"))?;
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    if let Some((name, default)) = inner.split_once(":-") {
        return Ok(env(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.into()));
    }
    if let Some((name, message)) = inner.split_once(":?") {
        return env(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| format!("{name}: {message}"));
    }
    env(inner).ok_or_else(|| {
        format!("the environment has no variable {inner}; set it, or write ${{{inner}:-default}}")
    })
}

#[cfg(test)]
mod tests {
    use super::substitute;

    fn check(text: &str, expected: Result<&str, &str>) {
        let env = |name: &str| (name == "HOST").then(|| "kafka:9092".to_owned());
        let found = substitute(text, &env);
        assert_eq!(found.as_deref().map_err(|error| error.as_str()), expected, "{text}");
    }

    #[test]
    fn variables() {
        check("a ${HOST} b", Ok("a kafka:9092 b"));
        check("${PORT:-1}", Ok("1"));
        check("${PORT:?name a port}", Err("PORT: name a port"));
        check("${HOST", Err("`${` without `}`"));
        check("plain $ {x}", Ok("plain $ {x}"));
    }
}
