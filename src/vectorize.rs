//! Loops in the widest vectors that the processor has.
//!
//! Programs are built for the oldest processors of a kind. On x86-64 that means 128-bit vectors and, for
//! rounding to even or a fused product, a call of a function for each number; nearly every processor has
//! AVX2, which has instructions for all that. Results are the same to the bit: the compiler never fuses or
//! reorders floating-point operations by itself.

/// Runs `work`, compiled once more for AVX2 where that is found at run time.
#[inline(always)]
pub(crate) fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(work);
    }
    work()
}
