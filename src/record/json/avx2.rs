//! Wide search for the end of a JSON string; the only `unsafe` of the JSON code.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Index of the first quote, backslash or control byte at or after `at`, if a whole-vector
/// search finds one; otherwise where the search has to go on byte by byte.
///
/// # Safety
/// The processor must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
pub unsafe fn special(bytes: &[u8], mut at: usize) -> usize {
    let quote = _mm256_set1_epi8(b'"' as i8);
    let backslash = _mm256_set1_epi8(b'\\' as i8);
    let control = _mm256_set1_epi8(0x1f);
    while at + 32 <= bytes.len() {
        // SAFETY: the 32 bytes at `at` lie within `bytes` by the loop's condition; the load
        // needs no alignment.
        let block = unsafe { _mm256_loadu_si256(bytes.as_ptr().add(at).cast()) };
        let low = _mm256_cmpeq_epi8(_mm256_min_epu8(block, control), block);
        let marks = _mm256_or_si256(_mm256_cmpeq_epi8(block, quote), low);
        let marks = _mm256_or_si256(marks, _mm256_cmpeq_epi8(block, backslash));
        let mask = _mm256_movemask_epi8(marks) as u32;
        if mask != 0 {
            return at + mask.trailing_zeros() as usize;
        }
        at += 32;
    }
    at
}
