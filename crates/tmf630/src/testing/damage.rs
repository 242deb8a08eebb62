//! Damage to the bytes below the store.

use kv_tree::{Kv, KvError, Memory};

/// Text of so many bytes that cannot be compressed: a record with much of it has pages of its own.
pub fn noise(bytes: usize) -> String {
    let mut state = 1_u64;
    let mut letter = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + (state >> 33) as u8 % 90)
    };
    (0..bytes).map(|_| letter()).collect()
}

/// Damages the value in the store whose damage makes `is_it` hold.
pub async fn damage_page(memory: &Memory, is_it: impl Fn() -> bool) -> Result<(), KvError> {
    for (key, value) in memory.contents() {
        let mut changed = value.to_vec();
        if let Some(byte) = changed.last_mut() {
            *byte ^= 1;
        }
        memory.put_many(vec![(key.clone(), changed)]).await?;
        if is_it() {
            return Ok(());
        }
        memory.put_many(vec![(key, value.to_vec())]).await?;
    }
    panic!("there is no such page");
}
