//! Comparing bytes. The C library of the target does it byte by byte, which took a sixth of the
//! processor's time under load: keys are compared all the time. Defined here, it is not linked.

use std::cmp::Ordering;

/// As the C standard has it: less than, equal to or greater than 0, as the bytes at `a` are to those at
/// `b`.
///
/// # Safety
/// There are `len` bytes at both.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    let mut at = 0;
    while at + 8 <= len {
        // SAFETY: the eight bytes lie within the `len` that there are.
        let words = unsafe {
            (a.add(at).cast::<u64>().read_unaligned(), b.add(at).cast::<u64>().read_unaligned())
        };
        if words.0 != words.1 {
            // The first byte decides.
            return match words.0.swap_bytes().cmp(&words.1.swap_bytes()) {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            };
        }
        at += 8;
    }
    while at < len {
        // SAFETY: the byte lies within the `len` that there are.
        let bytes = unsafe { (*a.add(at), *b.add(at)) };
        if bytes.0 != bytes.1 {
            return i32::from(bytes.0) - i32::from(bytes.1);
        }
        at += 1;
    }
    0
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
