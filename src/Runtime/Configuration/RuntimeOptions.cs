using Ops.Runtime.Processing;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Configuration;

/// <summary>What this process serves and within which limits: configuration section <c>Ops:Runtime</c>.</summary>
internal sealed class RuntimeOptions
{
    /// <summary>Where in the configuration these options are.</summary>
    public const string Section = "Ops:Runtime";

    /// <summary>Addresses to listen on, plain http, separated by semicolons. Port 0 takes a free one.</summary>
    public string Urls { get; set; } = "http://127.0.0.1:8080";

    /// <summary>Addresses to listen on for gRPC (HTTP/2 without TLS), like <see cref="Urls"/>. Empty: no gRPC.</summary>
    public string GrpcUrls { get; set; } = string.Empty;

    /// <summary>Folder that whoever started this process watches: the state goes into its process.json, and when the
    /// folder vanishes the process ends. Null: nobody watches.</summary>
    public string? RunFolder { get; set; }

    /// <summary>Opaque name of this process, repeated in process.json.</summary>
    public string? Instance { get; set; }

    /// <summary>Folder for verified copies of model files; several processes may share it.</summary>
    public string CacheFolder { get; set; } = string.Empty;

    /// <summary>CPU threads for inference, shared by all models. 0 takes the processors this process may use.</summary>
    public int Threads { get; set; }

    /// <summary>Whether idle inference threads spin for a moment: lower latency, at the cost of CPU.</summary>
    public bool Spin { get; set; }

    /// <summary>Runs of one model at the same time. 0 takes <see cref="Threads"/>.</summary>
    public int ParallelRuns { get; set; }

    /// <summary>CPU threads for independent operators of models with <see cref="ExecutionOptions.ParallelOperators"/>, shared
    /// by all models.</summary>
    public int InterOpThreads { get; set; } = 1;

    /// <summary>How the engine's working memory grows: <c>power-of-two</c> (fewer steps) or <c>same-as-requested</c> (less
    /// memory; all models then share one arena).</summary>
    public string ArenaExtend { get; set; } = "power-of-two";

    /// <summary>Unused memory of tensors that is kept for the next ones, in bytes.</summary>
    public long PooledTensorBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>Folder for the engine's profiles of all runs, one file per load. Null: none are made. They slow runs down.</summary>
    public string? ProfileFolder { get; set; }

    /// <summary>Requests of one model that may wait for a run; the next one is answered 503.</summary>
    public int QueueLimit { get; set; } = 256;

    /// <summary>Largest request body in bytes; a larger one is answered 413.</summary>
    public long MaxRequestBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Largest tensor of a request in bytes; a larger one is answered 413. JSON numbers may take less room in the
    /// body than in the tensor.</summary>
    public long MaxTensorBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>Bytes that the bodies and tensors of all requests together may hold; beyond it requests are answered 503.</summary>
    public long MaxBytesInFlight { get; set; } = 1024 * 1024 * 1024;

    /// <summary>After SIGTERM, for how long requests are still answered so that routers can notice.</summary>
    public double DrainGraceSeconds { get; set; } = 1;

    /// <summary>After the grace, for how long requests in flight may take to finish.</summary>
    public double DrainTimeoutSeconds { get; set; } = 30;

    /// <summary>A download that brings no byte for this long has failed.</summary>
    public double FetchStallSeconds { get; set; } = 60;

    /// <summary>File for the log instead of standard output. Rolls over at 16 MiB, keeping one old file.</summary>
    public string? LogFile { get; set; }

    /// <summary>How all models run; a model's own section goes before.</summary>
    public ExecutionOptions Execution { get; set; } = new();

    /// <summary>Loading and unloading over the network.</summary>
    public RepositoryOptions Repository { get; set; } = new();

    /// <summary>Where traces go.</summary>
    public OtlpOptions Otlp { get; set; } = new();

    /// <summary>The versions to serve.</summary>
    public List<ModelOptions> Models { get; set; } = [];

    /// <summary><see cref="Threads"/> with 0 resolved.</summary>
    public int EffectiveThreads => Threads > 0 ? Threads : Environment.ProcessorCount;

    /// <summary><see cref="ParallelRuns"/> with 0 resolved.</summary>
    public int EffectiveParallelRuns => ParallelRuns > 0 ? ParallelRuns : EffectiveThreads;
}

/// <summary>Where traces of requests are sent.</summary>
internal sealed class OtlpOptions
{
    /// <summary>Base address of a collector, for instance <c>http://collector:4317</c>. Null: no traces, unless the standard
    /// variable OTEL_EXPORTER_OTLP_ENDPOINT is set.</summary>
    public string? Endpoint { get; set; }

    /// <summary><c>grpc</c> or <c>http/protobuf</c>. Null: what OTEL_EXPORTER_OTLP_PROTOCOL says, otherwise grpc.</summary>
    public string? Protocol { get; set; }
}

/// <summary>One version of a model.</summary>
internal sealed class ModelOptions
{
    /// <summary>Name in the protocol's paths.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>Version in the protocol's paths.</summary>
    public string Version { get; set; } = string.Empty;

    /// <summary>SHA-256 of the version, 64 hexadecimal digits: names its folder in the cache.</summary>
    public string Digest { get; set; } = string.Empty;

    /// <summary>Only <c>onnx</c>.</summary>
    public string Format { get; set; } = "onnx";

    /// <summary>Loaded at the start; otherwise only when somebody asks for it over the network.</summary>
    public bool Load { get; set; } = true;

    /// <summary>Runs at the same time; 0 takes the process's <c>ParallelRuns</c>.</summary>
    public int Instances { get; set; }

    /// <summary>How its requests are run together.</summary>
    public BatchingOptions Batching { get; set; } = new();

    /// <summary>How its requests wait.</summary>
    public QueueOptions Queue { get; set; } = new();

    /// <summary>How this model runs; what it leaves open is as the process says.</summary>
    public ExecutionOptions Execution { get; set; } = new();

    /// <summary>Every file of the version.</summary>
    public List<ModelFileOptions> Files { get; set; } = [];

    /// <summary>What happens to its inputs and outputs; replaces the version's processing.json. Null leaves it to that file.</summary>
    public ProcessingOptions? Processing { get; set; }
}

/// <summary>One file of a version.</summary>
internal sealed class ModelFileOptions
{
    /// <summary>Relative path inside the version, with forward slashes.</summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>Where to fetch it: file, http or https.</summary>
    public string Source { get; set; } = string.Empty;

    /// <summary>SHA-256 of the content, 64 hexadecimal digits.</summary>
    public string Sha256 { get; set; } = string.Empty;

    /// <summary>Length of the content in bytes.</summary>
    public long Size { get; set; } = -1;
}
