//! Pages: what the store holds besides the head. A page never changes once it is written.

use bytes::{BufMut, Bytes};

use super::checksum::{begin, open, seal};
use super::codec::{
    Fault, KeyReader, Keys, UNSEALED, VERSION, finish, get_count, get_number, get_slice, get_u8,
    get_version, key_len, number_len, put_key, put_number,
};
use super::value::{PageId, Value, get_id, get_value, put_id, put_value};

/// The second byte of a page that is a value; of a node it is the level.
const VALUE: u8 = u8::MAX;

/// The highest level that a node can have; leaves are level 0.
pub(crate) const MAX_LEVEL: u8 = 31;

/// What a branch or the head knows of a node below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Child {
    pub id: PageId,
    /// How many entries of the map lie in and below the node.
    pub entries: u64,
    /// How long the node's page is.
    pub bytes: u32,
    /// Whether a value lies in a page of its own, somewhere in and below the node.
    pub paged_values: bool,
}

impl Child {
    pub fn encoded_len(&self) -> usize {
        let id = number_len(self.id.flush) + 8 + number_len(u64::from(self.id.index));
        id + number_len(self.entries) + number_len(u64::from(self.bytes) << 1)
    }

    pub fn put(&self, bytes: &mut Vec<u8>) {
        put_id(bytes, self.id);
        put_number(bytes, self.entries);
        put_number(bytes, u64::from(self.bytes) << 1 | u64::from(self.paged_values));
    }

    pub fn get(bytes: &mut Bytes) -> Result<Self, Fault> {
        let id = get_id(bytes)?;
        let entries = get_number(bytes)?;
        let tag = get_number(bytes)?;
        let len = u32::try_from(tag >> 1).map_err(|_| Fault::Damaged("a page is too long"))?;
        Ok(Self { id, entries, bytes: len, paged_values: tag & 1 == 1 })
    }
}

/// What a node holds under each of its keys: values in a leaf, children in a branch.
pub(crate) trait Item: Clone {
    /// How many of them a node has at least, however large they are. A branch with a single child
    /// would make the tree higher and nothing else.
    const LEAST: usize;

    /// How many bytes it takes in a page.
    fn encoded_len(&self) -> usize;
    fn put(&self, bytes: &mut Vec<u8>);
    /// How many entries of the map it stands for.
    fn entries(&self) -> u64;
    fn has_paged_values(&self) -> bool;
}

impl Item for Value {
    const LEAST: usize = 1;

    fn encoded_len(&self) -> usize {
        Value::encoded_len(self)
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        put_value(bytes, self);
    }

    fn entries(&self) -> u64 {
        1
    }

    fn has_paged_values(&self) -> bool {
        matches!(self, Self::Paged { .. })
    }
}

impl Item for Child {
    const LEAST: usize = 2;

    fn encoded_len(&self) -> usize {
        Child::encoded_len(self)
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        Child::put(self, bytes);
    }

    fn entries(&self) -> u64 {
        self.entries
    }

    fn has_paged_values(&self) -> bool {
        self.paged_values
    }
}

/// How many bytes `key` and `item` take in a node behind `previous`.
pub(crate) fn entry_len(previous: &[u8], key: &[u8], item: &impl Item) -> usize {
    key_len(previous, key) + item.encoded_len()
}

/// The bytes of a node: its seal, level, number of entries, and for each its key, front-coded, and
/// its item. The key of a child is a bound: no key below the child is less, and every key below
/// the child before it is.
pub(crate) fn encode_node<I: Item>(id: PageId, level: u8, entries: &[(Bytes, I)]) -> Vec<u8> {
    let mut bytes = begin(VERSION, 4 << 10);
    bytes.put_u8(level);
    put_number(&mut bytes, entries.len() as u64);
    let mut previous = &[][..];
    for (key, item) in entries {
        put_key(&mut bytes, previous, key);
        item.put(&mut bytes);
        previous = key;
    }
    seal(bytes, id.place())
}

/// The bytes of a page that is a value: its seal, [`VALUE`], the key that it belongs to behind its
/// length, and the value.
pub(crate) fn encode_value(id: PageId, key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = begin(VERSION, 8 + key.len() + value.len());
    bytes.put_u8(VALUE);
    put_number(&mut bytes, key.len() as u64);
    bytes.put_slice(key);
    bytes.put_slice(value);
    seal(bytes, id.place())
}

/// A page, decoded.
#[derive(Debug)]
pub(crate) enum Page {
    Leaf(Node<Value>),
    Branch(u8, Node<Child>),
    Value(PagedValue),
}

/// A value in a page of its own.
#[derive(Debug)]
pub(crate) struct PagedValue {
    /// The key that it belongs to; pages of earlier versions do not have it.
    pub key: Option<Bytes>,
    pub value: Bytes,
}

/// What leads to a page from the root of its tree.
pub(crate) enum Way {
    Key(Bytes),
    /// The same as to another page, below it.
    As(PageId),
    /// That cannot be told from the page.
    Unknown,
}

/// Keys and what is under them.
#[derive(Debug)]
pub(crate) struct Node<I> {
    pub keys: Keys,
    pub items: Vec<I>,
    /// The length of the page.
    bytes: usize,
}

impl<I: Item> Node<I> {
    /// The entries, each with its own handle on the memory of the page.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (Bytes, I)> {
        self.items.iter().enumerate().map(|(index, item)| (self.keys.shared(index), item.clone()))
    }

    fn matches(&self, child: &Child) -> bool {
        let entries = self.items.iter().map(Item::entries).fold(0, u64::wrapping_add);
        self.bytes == child.bytes as usize && entries == child.entries
    }

    fn decode(
        mut bytes: Bytes,
        page_len: usize,
        get_item: impl Fn(&mut Bytes) -> Result<I, Fault>,
    ) -> Result<Self, Fault> {
        let count = get_count(&mut bytes)?;
        let mut keys = KeyReader::default();
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            keys.read(&mut bytes)?;
            items.push(get_item(&mut bytes)?);
        }
        finish(&bytes)?;
        Ok(Self { keys: keys.finish(), items, bytes: page_len })
    }
}

impl Node<Child> {
    /// The place of the child that `key` belongs to.
    pub fn child_of(&self, key: &[u8]) -> usize {
        match self.keys.search(key) {
            Ok(place) => place,
            Err(place) => place.saturating_sub(1),
        }
    }
}

impl Page {
    /// Reads the page that is called `id`.
    pub fn decode(id: PageId, page: Bytes) -> Result<Self, Fault> {
        let (mut bytes, len) = (page.clone(), page.len());
        let version = get_version(&mut bytes)?;
        match version {
            VERSION => open(&mut bytes, id.place())?,
            UNSEALED => {}
            _ => return Err(Fault::Damaged("its version had no pages")),
        }
        match get_u8(&mut bytes)? {
            0 => Ok(Self::Leaf(Node::decode(bytes, len, get_value)?)),
            VALUE if version == UNSEALED => Ok(Self::Value(PagedValue { key: None, value: bytes })),
            VALUE => {
                let key_len = get_count(&mut bytes)?;
                let key = Some(get_slice(&mut bytes, key_len)?);
                Ok(Self::Value(PagedValue { key, value: bytes }))
            }
            level @ 1..=MAX_LEVEL => {
                let node = Node::decode(bytes, len, Child::get)?;
                match node.items.is_empty() {
                    true => Err(Fault::Damaged("it is a branch without children")),
                    false => Ok(Self::Branch(level, node)),
                }
            }
            _ => Err(Fault::Damaged("it is no kind of page that exists")),
        }
    }

    /// The level of a node.
    pub fn level(&self) -> Option<u8> {
        match self {
            Self::Leaf(_) => Some(0),
            Self::Branch(level, _) => Some(*level),
            Self::Value(_) => None,
        }
    }

    /// Whether the page is the node that `child` describes.
    pub fn is_node(&self, child: &Child) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.matches(child),
            Self::Branch(_, branch) => branch.matches(child),
            Self::Value(_) => false,
        }
    }

    /// What leads to the page wherever it is in use.
    pub fn way(&self) -> Way {
        match self {
            Self::Leaf(leaf) if leaf.items.is_empty() => Way::Unknown,
            Self::Leaf(leaf) => Way::Key(leaf.keys.shared(0)),
            // The first bound may be less than what leads to the branch; the next one is not.
            Self::Branch(_, branch) if branch.items.len() > 1 => Way::Key(branch.keys.shared(1)),
            Self::Branch(_, branch) => {
                branch.items.first().map_or(Way::Unknown, |child| Way::As(child.id))
            }
            Self::Value(value) => value.key.clone().map_or(Way::Unknown, Way::Key),
        }
    }

    /// Roughly how much memory the page takes.
    pub fn memory(&self) -> usize {
        match self {
            Self::Leaf(leaf) => {
                leaf.bytes + leaf.keys.memory() + leaf.items.len() * size_of::<Value>()
            }
            Self::Branch(_, branch) => {
                branch.keys.memory() + branch.items.len() * size_of::<Child>()
            }
            Self::Value(PagedValue { value, .. }) => value.len(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn id() -> impl Strategy<Value = PageId> {
        (any::<u64>(), any::<u64>(), any::<u32>()).prop_map(|(flush, attempt, index)| PageId {
            flush,
            attempt,
            index,
        })
    }

    pub(crate) fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            vec(any::<u8>(), 0..20).prop_map(|value| Value::Inline(value.into())),
            (id(), any::<u32>()).prop_map(|(id, len)| Value::Paged { id, len }),
        ]
    }

    pub(crate) fn child() -> impl Strategy<Value = Child> {
        (id(), any::<u64>(), any::<u32>(), any::<bool>()).prop_map(
            |(id, entries, bytes, paged_values)| Child { id, entries, bytes, paged_values },
        )
    }

    fn entries<I: std::fmt::Debug + Clone>(
        item: impl Strategy<Value = I>,
    ) -> impl Strategy<Value = Vec<(Bytes, I)>> {
        btree_map(vec(any::<u8>(), 0..5), item, 1..20)
            .prop_map(|map| map.into_iter().map(|(key, item)| (key.into(), item)).collect())
    }

    const ID: PageId = PageId { flush: 3, attempt: 77, index: 1 };

    fn len<I: Item>(entries: &[(Bytes, I)]) -> usize {
        let mut previous = &[][..];
        let mut len = super::super::checksum::SEAL_BYTES + 1 + number_len(entries.len() as u64);
        for (key, item) in entries {
            len += entry_len(previous, key, item);
            previous = key;
        }
        len
    }

    proptest! {
        #[test]
        fn leaves_are_read_as_they_were_written(entries in entries(value())) {
            let bytes = encode_node(ID, 0, &entries);
            prop_assert_eq!(bytes.len(), len(&entries));
            let Page::Leaf(leaf) = Page::decode(ID, bytes.into()).unwrap() else { panic!() };
            prop_assert_eq!(leaf.entries().collect::<Vec<_>>(), entries);
        }

        #[test]
        fn branches_are_read_as_they_were_written(
            level in 1..=MAX_LEVEL,
            entries in entries(child()),
        ) {
            let bytes = encode_node(ID, level, &entries);
            prop_assert_eq!(bytes.len(), len(&entries));
            let Page::Branch(read, branch) = Page::decode(ID, bytes.into()).unwrap() else { panic!() };
            prop_assert_eq!(read, level);
            prop_assert_eq!(branch.entries().collect::<Vec<_>>(), entries);
        }

        #[test]
        fn ids_are_read_as_they_were_written(id in id()) {
            let key = id.key("t:1");
            prop_assert_eq!(PageId::parse(key.strip_prefix("t:1:").unwrap()), Some(id));
        }

        #[test]
        fn a_shortened_page_is_damaged(entries in entries(value()), cut: prop::sample::Index) {
            let bytes = Bytes::from(encode_node(ID, 0, &entries));
            let cut = bytes.slice(..cut.index(bytes.len()));
            prop_assert!(matches!(Page::decode(ID, cut), Err(Fault::Damaged(_))));
        }
    }

    #[test]
    fn a_newer_version_is_named() {
        assert_eq!(Page::decode(ID, Bytes::from_static(&[9, 0, 0])).unwrap_err(), Fault::Newer(9));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for bytes in [&[][..], &[VERSION], &[0, 0, 0], &[VERSION, 40, 0], &[VERSION, 1, 0]] {
            let page = Page::decode(ID, Bytes::copy_from_slice(bytes));
            assert!(matches!(page, Err(Fault::Damaged(_))), "{bytes:?}");
        }
        assert_eq!(PageId::parse("1.2"), None);
        assert_eq!(PageId::parse("1.2.3.4"), None);
        assert_eq!(PageId::parse("1.x.3"), None);
    }
}
