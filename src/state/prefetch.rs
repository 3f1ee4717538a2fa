//! A hint to the processor that a place in memory will be read soon.

/// Bytes of a cache line.
const LINE: usize = 64;

/// Starts to bring all cache lines of `value` near.
#[inline(always)]
pub fn prefetch_whole<T>(value: &T) {
    let bytes = std::ptr::from_ref(value).cast::<u8>();
    for at in (0..size_of::<T>()).step_by(LINE) {
        line(bytes.wrapping_add(at));
    }
    // One that does not begin with a line has a part of one more.
    if align_of::<T>() < LINE && size_of::<T>() > 1 {
        line(bytes.wrapping_add(size_of::<T>() - 1));
    }
}

/// Starts to bring the cache line near in which `value` begins.
#[inline(always)]
pub fn prefetch<T>(value: &T) {
    line(std::ptr::from_ref(value).cast());
}

/// A hint only: it has no effect on what the program computes.
#[inline(always)]
fn line(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: prefetching reads nothing and cannot fault, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}
