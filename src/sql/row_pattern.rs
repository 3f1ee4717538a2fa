//! PATTERN (A B+ C) and AFTER MATCH SKIP, read into the operator's terms.

use sqlparser::ast::{self, MatchRecognizePattern as Ast, RepetitionQuantifier as Quantifier};
use sqlparser::tokenizer::Span;

use super::fault::{Fault, Result};
use crate::operator::pattern::{Element, Skip};

/// The elements of a pattern, and the names of its variables.
pub fn read(pattern: &Ast, span: Span) -> Result<(Vec<Element>, Vec<String>)> {
    let mut reader = Reader { elements: Vec::new(), variables: Vec::new(), span };
    reader.pattern(pattern)?;
    reader.check()?;
    Ok((reader.elements, reader.variables))
}

pub fn skip(skip: Option<&ast::AfterMatchSkip>, variables: &[String], span: Span) -> Result<Skip> {
    let variable = |name: &ast::Ident| {
        let found = variables.iter().position(|known| *known == name.value);
        found.ok_or_else(|| Fault::new(span, format!("Unknown pattern '{}'", name.value)))
    };
    Ok(match skip {
        None | Some(ast::AfterMatchSkip::ToNextRow) => Skip::ToNextRow,
        Some(ast::AfterMatchSkip::PastLastRow) => Skip::PastLastRow,
        Some(ast::AfterMatchSkip::ToFirst(name)) => Skip::ToFirst(variable(name)?),
        Some(ast::AfterMatchSkip::ToLast(name)) => Skip::ToLast(variable(name)?),
    })
}

struct Reader {
    elements: Vec<Element>,
    variables: Vec<String>,
    span: Span,
}

impl Reader {
    fn fault<T>(&self, message: &str, help: &str) -> Result<T> {
        Err(Fault::new(self.span, message).help(help))
    }

    fn pattern(&mut self, pattern: &Ast) -> Result<()> {
        match pattern {
            Ast::Concat(parts) => parts.iter().try_for_each(|part| self.pattern(part)),
            Ast::Group(inner) => self.pattern(inner),
            // Flink reads the anchors and does not heed them.
            Ast::Symbol(ast::MatchRecognizeSymbol::Start | ast::MatchRecognizeSymbol::End) => {
                Ok(())
            }
            Ast::Symbol(ast::MatchRecognizeSymbol::Named(name)) => self.element(name, 1, Some(1)),
            Ast::Repetition(inner, quantifier) => self.repetition(inner, quantifier),
            Ast::Exclude(_) => self.fault(
                "Currently, CEP doesn't support '{-' '-}' patterns.",
                "leave the measure out instead",
            ),
            Ast::Permute(_) => self.fault(
                "Currently, CEP doesn't support PERMUTE patterns.",
                "UNION ALL a pattern for each order",
            ),
            Ast::Alternation(_) => self.fault(
                "Currently, CEP doesn't support branching patterns.",
                "put the alternatives into one condition with OR",
            ),
        }
    }

    fn repetition(&mut self, inner: &Ast, quantifier: &Quantifier) -> Result<()> {
        match inner {
            Ast::Symbol(ast::MatchRecognizeSymbol::Named(name)) => {
                self.quantified(name, quantifier, Greed::Greedy)
            }
            // The parser's library reads `A+?` as a repetition of a repetition.
            Ast::Repetition(innermost, first) if *quantifier == Quantifier::AtMostOne => {
                let Ast::Symbol(ast::MatchRecognizeSymbol::Named(name)) = &**innermost else {
                    return self.group();
                };
                if *first == Quantifier::AtMostOne {
                    return self.fault(
                        "Reluctant optional variables are not supported yet.",
                        "write `?`: it follows both ways already",
                    );
                }
                self.quantified(name, first, Greed::Reluctant)
            }
            _ => self.group(),
        }
    }

    fn group(&self) -> Result<()> {
        self.fault("Group patterns are not supported yet.", "repeat single variables")
    }

    fn quantified(
        &mut self,
        name: &ast::Ident,
        quantifier: &Quantifier,
        greed: Greed,
    ) -> Result<()> {
        let (min, max) = match *quantifier {
            Quantifier::ZeroOrMore => (0, None),
            Quantifier::OneOrMore => (1, None),
            Quantifier::AtMostOne => (0, Some(1)),
            Quantifier::Exactly(count) => (count, Some(count)),
            Quantifier::AtLeast(count) => (count, None),
            Quantifier::Range(from, to) => (from, Some(to)),
            Quantifier::AtMost(to) => {
                let help = format!("write {{0,{to}}}");
                return self.fault("The from should be a positive number greater than 0.", &help);
            }
        };
        if max.is_some_and(|max| max == 0 || max < min) {
            let message = "The to should be a number greater than or equal to from: ".to_owned();
            let message = format!("{message}{}.", min.max(1));
            return self.fault(&message, "e.g. {2,4}");
        }
        self.element(name, min, max)?;
        let plain_optional = *quantifier == Quantifier::AtMostOne;
        let varies = max.is_none_or(|max| max > min);
        if let Some(element) = self.elements.last_mut() {
            element.possessive = greed == Greed::Greedy && varies && !plain_optional;
        }
        Ok(())
    }

    fn element(&mut self, name: &ast::Ident, min: u32, max: Option<u32>) -> Result<()> {
        if self.variables.contains(&name.value) {
            return self.fault(
                "Pattern variables must be unique. That might change in the future.",
                "give the second one another name and the same condition",
            );
        }
        // A row's variable is kept as one byte.
        if self.variables.len() == usize::from(u8::MAX) {
            return self.fault("a pattern has at most 255 variables", "use quantifiers");
        }
        self.variables.push(name.value.clone());
        let variable = self.variables.len() - 1;
        self.elements.push(Element { variable, min, max, possessive: false });
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.elements.iter().all(|element| element.min == 0) {
            return self.fault(
                "Patterns that can produce empty matches are not supported. There must be at least \
                 one non-optional state.",
                "let one variable be there at least once: A+ instead of A*",
            );
        }
        if self.elements.last().is_some_and(|last| last.possessive) {
            return self.fault(
                "Greedy quantifiers are not allowed as the last element of a Pattern yet. Finish \
                 your pattern with either a simple variable or reluctant quantifier.",
                "add a variable without a condition, or write +? instead of +",
            );
        }
        let pairs = self.elements.windows(2);
        if pairs.into_iter().any(|pair| pair[0].possessive && pair[1].min == 0) {
            return self.fault(
                "Optional pattern cannot be preceded by greedy pattern",
                "make the loop before it reluctant: A+? instead of A+",
            );
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Greed {
    Greedy,
    Reluctant,
}
