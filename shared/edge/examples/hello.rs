//! The least that a Lambda function in Rust can be: what `infra/cold_start` holds the endpoints against.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let hello =
        |_: lambda_runtime::LambdaEvent<serde_json::Value>| async { Ok::<_, std::convert::Infallible>("hello") };
    lambda_runtime::run(lambda_runtime::service_fn(hello)).await
}
