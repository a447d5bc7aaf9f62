//! Vectors of 16-bit factors and 32-bit sums. A product of two such vectors adds neighbouring products in
//! pairs, which is one instruction everywhere (`pmaddwd`, `i32x4.dot_i16x8_s`).

/// A kind of vector. What is computed in it is the same for all.
pub(in crate::simulate) trait Lanes: Copy {
    /// Either 16-bit factors, or half as many 32-bit sums.
    type Vector: Copy;

    /// How many sums it holds.
    const SUMS: usize;

    /// Sums of 0.
    fn zero(self) -> Self::Vector;

    /// `SUMS` sums.
    fn sums(self, sums: &[i32]) -> Self::Vector;

    /// 2 · `SUMS` factors.
    fn load(self, factors: &[i16]) -> Self::Vector;

    /// 2 · `SUMS` factors, each followed by one that is of no use: to be multiplied with 0.
    fn widened(self, factors: &[i16]) -> [Self::Vector; 2];

    /// The same two factors for every sum.
    fn repeat(self, pair: [i16; 2]) -> Self::Vector;

    /// `sums[i] + a[2 i] · b[2 i] + a[2 i + 1] · b[2 i + 1]`.
    fn add_products(self, sums: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// Writes the sums.
    fn store(self, sums: Self::Vector, out: &mut [i32]);

    /// All sums together.
    #[inline(always)]
    fn total(self, sums: Self::Vector) -> i32 {
        let mut each = [0; 8];
        self.store(sums, &mut each[..Self::SUMS]);
        each.into_iter().sum()
    }
}

/// AVX2.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::Lanes;
    use bytemuck::{cast, cast_slice, pod_read_unaligned};
    use core::arch::x86_64::{__m128i, __m256i};
    use pulp::x86::V3;

    impl Lanes for V3 {
        type Vector = __m256i;

        const SUMS: usize = 8;

        #[inline(always)]
        fn zero(self) -> __m256i {
            self.avx._mm256_setzero_si256()
        }

        #[inline(always)]
        fn sums(self, sums: &[i32]) -> __m256i {
            pod_read_unaligned(cast_slice(&sums[..8]))
        }

        #[inline(always)]
        fn load(self, factors: &[i16]) -> __m256i {
            pod_read_unaligned(cast_slice(&factors[..16]))
        }

        #[inline(always)]
        fn widened(self, factors: &[i16]) -> [__m256i; 2] {
            let (low, high) = factors[..16].split_at(8);
            let low: __m128i = pod_read_unaligned(cast_slice(low));
            let high: __m128i = pod_read_unaligned(cast_slice(high));
            [
                self.avx2._mm256_cvtepi16_epi32(low),
                self.avx2._mm256_cvtepi16_epi32(high),
            ]
        }

        #[inline(always)]
        fn repeat(self, pair: [i16; 2]) -> __m256i {
            self.avx._mm256_set1_epi32(cast(pair))
        }

        #[inline(always)]
        fn add_products(self, sums: __m256i, a: __m256i, b: __m256i) -> __m256i {
            self.avx2
                ._mm256_add_epi32(sums, self.avx2._mm256_madd_epi16(a, b))
        }

        #[inline(always)]
        fn store(self, sums: __m256i, out: &mut [i32]) {
            out.copy_from_slice(&cast::<__m256i, [i32; 8]>(sums));
        }
    }
}

/// WebAssembly's 128 bits. No compiler finds the instruction there by itself, and without it a browser is some
/// twenty times slower.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128 {
    use super::Lanes;
    use core::arch::wasm32::{
        i16x8, i32x4, i32x4_add, i32x4_dot_i16x8, i32x4_extend_high_i16x8, i32x4_extend_low_i16x8,
        i32x4_extract_lane, i32x4_splat, v128,
    };

    /// The vectors of WebAssembly.
    #[derive(Clone, Copy)]
    pub(in crate::simulate) struct Simd128;

    impl Lanes for Simd128 {
        type Vector = v128;

        const SUMS: usize = 4;

        #[inline(always)]
        fn zero(self) -> v128 {
            i32x4(0, 0, 0, 0)
        }

        #[inline(always)]
        fn sums(self, sums: &[i32]) -> v128 {
            let s = &sums[..4];
            i32x4(s[0], s[1], s[2], s[3])
        }

        #[inline(always)]
        fn load(self, factors: &[i16]) -> v128 {
            let f = &factors[..8];
            i16x8(f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7])
        }

        #[inline(always)]
        fn widened(self, factors: &[i16]) -> [v128; 2] {
            let factors = self.load(factors);
            [i32x4_extend_low_i16x8(factors), i32x4_extend_high_i16x8(factors)]
        }

        #[inline(always)]
        fn repeat(self, pair: [i16; 2]) -> v128 {
            i32x4_splat(bytemuck::cast(pair))
        }

        #[inline(always)]
        fn add_products(self, sums: v128, a: v128, b: v128) -> v128 {
            i32x4_add(sums, i32x4_dot_i16x8(a, b))
        }

        #[inline(always)]
        fn store(self, sums: v128, out: &mut [i32]) {
            out.copy_from_slice(&[
                i32x4_extract_lane::<0>(sums),
                i32x4_extract_lane::<1>(sums),
                i32x4_extract_lane::<2>(sums),
                i32x4_extract_lane::<3>(sums),
            ]);
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(in crate::simulate) use simd128::Simd128;

/// Plain numbers, for every other processor; the form that the others are held against.
#[derive(Clone, Copy)]
pub(in crate::simulate) struct Plain;

impl Lanes for Plain {
    type Vector = [i32; 8];

    const SUMS: usize = 4;

    #[inline(always)]
    fn zero(self) -> [i32; 8] {
        [0; 8]
    }

    #[inline(always)]
    fn sums(self, sums: &[i32]) -> [i32; 8] {
        let sums = &sums[..4];
        std::array::from_fn(|i| sums.get(i).copied().unwrap_or(0))
    }

    #[inline(always)]
    fn load(self, factors: &[i16]) -> [i32; 8] {
        let factors = &factors[..8];
        std::array::from_fn(|i| factors[i].into())
    }

    #[inline(always)]
    fn widened(self, factors: &[i16]) -> [[i32; 8]; 2] {
        let (low, high) = factors[..8].split_at(4);
        [low, high].map(|half| std::array::from_fn(|i| if i % 2 == 0 { half[i / 2].into() } else { 0 }))
    }

    #[inline(always)]
    fn repeat(self, [first, second]: [i16; 2]) -> [i32; 8] {
        std::array::from_fn(|i| if i % 2 == 0 { first } else { second }.into())
    }

    #[inline(always)]
    fn add_products(self, mut sums: [i32; 8], a: [i32; 8], b: [i32; 8]) -> [i32; 8] {
        for i in 0..4 {
            sums[i] += a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
        }
        sums
    }

    #[inline(always)]
    fn store(self, sums: [i32; 8], out: &mut [i32]) {
        out.copy_from_slice(&sums[..4]);
    }
}
