//! A store that makes the requests of Spin's provider of DynamoDB, and takes its answers as the components do.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use kv_tree::{Kv, KvError, Limits, Swapped, Watched};
use serde_json::{Value, json};

/// The table, whose key is `PK`.
const TABLE: &str = "accounts";

/// An instance's store.
#[derive(Clone)]
pub struct DynamoKv {
    client: reqwest::Client,
    url: String,
    begin: Instant,
}

/// What an item had when it was read in order to be swapped.
enum Seen {
    Version(String),
    Value(String),
    Nothing,
}

/// A key that is about to be swapped, and what it had.
pub struct Watch {
    key: String,
    seen: Seen,
}

impl DynamoKv {
    /// The table at the address of a server.
    pub fn new(url: &str) -> Self {
        Self { client: reqwest::Client::new(), url: url.to_owned(), begin: Instant::now() }
    }

    /// Makes the table.
    pub async fn create_table(&self) {
        let table = json!({
            "TableName": TABLE,
            "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        });
        self.call("CreateTable", &table).await.unwrap();
        loop {
            let state = self.call("DescribeTable", &json!({"TableName": TABLE})).await.unwrap();
            if state["Table"]["TableStatus"] == "ACTIVE" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Sends a request. An error is what the server says, or that it does not answer.
    async fn call(&self, operation: &str, body: &Value) -> Result<Value, String> {
        let request = self
            .client
            .post(&self.url)
            .header("X-Amz-Target", format!("DynamoDB_20120810.{operation}"))
            .header("Content-Type", "application/x-amz-json-1.0")
            .header("X-Amz-Date", "20260101T000000Z")
            .header(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/dynamodb/aws4_request, \
                 SignedHeaders=host;x-amz-date;x-amz-target, Signature=00",
            )
            .body(body.to_string());
        let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| format!("{error:?}"))?;
        match status.is_success() {
            true => serde_json::from_str(&text).map_err(|error| error.to_string()),
            false => Err(text),
        }
    }

    async fn item(&self, key: &str, attributes: &str) -> Result<Value, String> {
        let request = json!({
            "TableName": TABLE,
            "Key": item_key(key),
            "ConsistentRead": true,
            "ProjectionExpression": attributes,
        });
        Ok(self.call("GetItem", &request).await?["Item"].take())
    }

    async fn write_all(&self, requests: Vec<Value>) -> Result<(), String> {
        let mut left = if requests.is_empty() { json!({}) } else { json!({ TABLE: requests }) };
        while left.as_object().is_some_and(|tables| !tables.is_empty()) {
            let mut answer = self.call("BatchWriteItem", &json!({"RequestItems": left})).await?;
            left = answer["UnprocessedItems"].take();
        }
        Ok(())
    }

    /// Changes an item if the condition holds. Spin does so by a transaction of this change only, which is
    /// the same; Dynalite has no transactions.
    async fn update(&self, mut update: Value) -> Result<(), String> {
        update["TableName"] = json!(TABLE);
        self.call("UpdateItem", &update).await.map(drop)
    }
}

impl Kv for DynamoKv {
    type Watch = Watch;

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        let item = self.item(key, "VAL").await.map_err(failed("get"))?;
        Ok(binary(&item["VAL"]))
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        let mut found = HashMap::new();
        let asked: Vec<_> = keys.iter().map(|key| item_key(key)).collect();
        let request = json!({
            "Keys": asked, "ConsistentRead": true, "ProjectionExpression": "PK,VAL",
        });
        let mut left = if asked.is_empty() { json!({}) } else { json!({ TABLE: request }) };
        while left.as_object().is_some_and(|tables| !tables.is_empty()) {
            let request = json!({"RequestItems": left});
            let answer = self.call("BatchGetItem", &request).await;
            let mut answer = answer.map_err(failed("get-many"))?;
            for item in answer["Responses"][TABLE].as_array().into_iter().flatten() {
                let key = item["PK"]["S"].as_str().unwrap_or_default().to_owned();
                found.extend(binary(&item["VAL"]).map(|value| (key, value)));
            }
            left = answer["UnprocessedKeys"].take();
        }
        Ok(keys.iter().map(|key| found.remove(key)).collect())
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        let put = |(key, value): (String, Vec<u8>)| {
            let item = json!({"PK": {"S": key}, "VAL": in_base64(&value)});
            json!({"PutRequest": {"Item": item}})
        };
        let requests = entries.into_iter().map(put).collect();
        self.write_all(requests).await.map_err(failed("set-many"))
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        let delete = |key: String| json!({"DeleteRequest": {"Key": item_key(&key)}});
        let requests = keys.into_iter().map(delete).collect();
        self.write_all(requests).await.map_err(failed("delete-many"))
    }

    async fn watch(&self, key: &str) -> Result<Watched<Watch>, KvError> {
        let mut watch = Watch { key: key.to_owned(), seen: Seen::Nothing };
        let seen = self.watch_again(&mut watch).await?;
        Ok((seen, watch))
    }

    async fn watch_again(&self, watch: &mut Watch) -> Result<Option<Bytes>, KvError> {
        let item = self.item(&watch.key, "VAL,VER").await.map_err(failed("cas.current"))?;
        watch.seen = match (item["VAL"]["B"].as_str(), item["VER"]["N"].as_str()) {
            (Some(_), Some(version)) => Seen::Version(version.to_owned()),
            (Some(value), None) => Seen::Value(value.to_owned()),
            (None, _) => Seen::Nothing,
        };
        Ok(binary(&item["VAL"]))
    }

    async fn swap(&self, watch: Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        let mut values = json!({":val": in_base64(&value), ":increment": {"N": "1"}});
        let condition = match watch.seen {
            Seen::Version(version) => {
                values[":ver"] = json!({"N": version});
                "#VER = :ver"
            }
            Seen::Value(value) => {
                values[":old_val"] = json!({"B": value});
                "#VAL = :old_val"
            }
            Seen::Nothing => "attribute_not_exists (#VAL)",
        };
        let update = json!({
            "Key": item_key(&watch.key),
            "UpdateExpression": "SET #VAL = :val ADD #VER :increment",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#VAL": "VAL", "#VER": "VER"},
            "ExpressionAttributeValues": values,
        });
        // Whatever it is, Spin says that the swap has failed, and reads the item again.
        match self.update(update).await {
            Ok(()) => Ok(Swapped::Done),
            Err(_) => {
                self.item(&watch.key, "VAL,VER").await.map_err(failed("swap"))?;
                Ok(Swapped::Refused)
            }
        }
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        let (None, watch) = self.watch(key).await? else { return Ok(()) };
        match self.swap(watch, vec![0; 8]).await? {
            Swapped::Done => Ok(()),
            Swapped::Refused | Swapped::Lost => {
                let why = "it is refused: throttled, not answered, or somebody else was first";
                Err(KvError::new("swap", why))
            }
        }
    }

    async fn keys(&self, prefix: &str, mut visit: impl FnMut(&str)) -> Result<(), KvError> {
        let mut request = json!({"TableName": TABLE, "ProjectionExpression": "PK"});
        loop {
            let answer = self.call("Scan", &request).await;
            let mut answer = answer.map_err(failed("list-keys"))?;
            for item in answer["Items"].as_array().into_iter().flatten() {
                let key = item["PK"]["S"].as_str().unwrap_or_default();
                if key.starts_with(prefix) {
                    visit(key);
                }
            }
            match answer["LastEvaluatedKey"].take() {
                Value::Null => return Ok(()),
                last => request["ExclusiveStartKey"] = last,
            }
        }
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn now(&self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    fn limits(&self) -> Limits {
        Limits { read_batch: 100, write_batch: 25, value_bytes: 399_000 }
    }
}

fn item_key(key: &str) -> Value {
    json!({"PK": {"S": key}})
}

fn in_base64(value: &[u8]) -> Value {
    json!({"B": BASE64.encode(value)})
}

fn binary(attribute: &Value) -> Option<Bytes> {
    let text = attribute["B"].as_str()?;
    Some(BASE64.decode(text).unwrap().into())
}

fn failed(call: &'static str) -> impl FnOnce(String) -> KvError {
    move |error| KvError::new(call, error)
}
