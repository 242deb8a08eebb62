//! Comparing bytes. The C library of the target does it byte by byte, which took a sixth of the
//! processor's time under load: keys are compared all the time. What is defined here is linked instead.

use std::cmp::Ordering;

/// How `a` and `b`, which are equally long, compare byte by byte; eight at a time.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let ((a_words, a_rest), (b_words, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a_words.iter().zip(b_words) {
        // The first byte decides first.
        match u64::from_be_bytes(*a).cmp(&u64::from_be_bytes(*b)) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
    for (a, b) in a_rest.iter().zip(b_rest) {
        match a.cmp(b) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
    Ordering::Equal
}

#[cfg(target_family = "wasm")]
mod c {
    use super::compare;

    /// As the C standard has it: negative, 0 or positive, as the bytes at `a` are to those at `b`.
    ///
    /// # Safety
    /// There are `len` bytes at both.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
        // SAFETY: the caller says that they are there. Where there are none, no pointer is read.
        let (a, b) = match len {
            0 => return 0,
            len => unsafe {
                (std::slice::from_raw_parts(a, len), std::slice::from_raw_parts(b, len))
            },
        };
        compare(a, b) as i32
    }

    /// The same, for those who only want to know whether they are equal.
    ///
    /// # Safety
    /// There are `len` bytes at both.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
        // SAFETY: the same is asked of the caller.
        unsafe { memcmp(a, b, len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_differs_decides() {
        for len in 0..40 {
            let a = vec![100; len];
            assert_eq!(compare(&a, &a), Ordering::Equal);
            for place in 0..len {
                let mut b = a.clone();
                b[place] = 101;
                // What follows does not count, however much it differs.
                b[place + 1..].fill(0);
                assert_eq!(compare(&a, &b), Ordering::Less, "{len}, {place}");
                assert_eq!(compare(&b, &a), Ordering::Greater, "{len}, {place}");
                b[place] = 200;
                assert_eq!(compare(&a, &b), a.cmp(&b), "{len}, {place}");
            }
        }
    }
}
