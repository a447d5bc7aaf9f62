//! Loops in the widest vectors that the processor has.
//!
//! Programs are built for the oldest processors of a kind. On x86-64 that means 128-bit vectors and, for
//! rounding to even or a fused product, a call of a function for each number; nearly every processor has
//! AVX2, which has instructions for all that. Results are the same to the bit: the compiler never fuses or
//! reorders floating-point operations by itself.

/// Runs `work`, compiled once more for AVX2 where that is found at run time. What it calls is compiled so only
/// if it is inlined, so closures and their functions should be `#[inline(always)]`.
#[inline(always)]
pub(crate) fn vectorized<R>(mut work: impl FnMut() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(Work(work));
    }
    work()
}

/// The integer next to a number up to 2^31 (of two, the even one): adding 1.5 · 2^52 leaves it in the low bits.
/// Processors have nothing like it for vectors of 64-bit numbers.
#[inline(always)]
pub(crate) fn integer(value: f64) -> i32 {
    (value + 6_755_399_441_055_744.0).to_bits() as i32
}

/// A closure that is called by reference: by value, the compiler puts a function of its own between that is
/// never inlined, and every instruction for AVX2 in it becomes a call.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Work<F>(pub F);

#[cfg(target_arch = "x86_64")]
impl<R, F: FnMut() -> R> pulp::NullaryFnOnce for Work<F> {
    type Output = R;

    #[inline(always)]
    fn call(mut self) -> R {
        (self.0)()
    }
}
