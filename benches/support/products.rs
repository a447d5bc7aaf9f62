//! A sample's multiplications alone, by the plainest loop there is: what everything else is compared with.

use std::hint::black_box;

/// `macs` products of 16 bits, added up, from the first cache.
pub fn products(macs: usize) -> i32 {
    const LENGTH: usize = 1024;
    let a: [i16; LENGTH] = std::array::from_fn(|i| (i % 255) as i16 - 127);
    let b: [i16; LENGTH] = std::array::from_fn(|i| (i % 251) as i16);
    (0..macs / LENGTH)
        .map(|_| {
            let pairs = black_box(&a).iter().zip(black_box(&b));
            pairs.map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>()
        })
        .fold(0, i32::wrapping_add)
}
