using System.Diagnostics;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Monitoring;

/// <summary>Answers scrapes. The names are explained in docs/runtime-metrics.md.</summary>
internal static class MetricsEndpoint
{
    private const string Model = "model";
    private const string Version = "version";

    public static Task HandleAsync(HttpContext context)
    {
        var writer = new ExpositionWriter();
        var metrics = context.RequestServices.GetRequiredService<RuntimeMetrics>();
        WriteModels(writer, metrics.Models);
        WriteProcess(writer, context.RequestServices.GetRequiredService<IOptions<RuntimeOptions>>().Value.EffectiveThreads, context.RequestServices.GetRequiredService<MemoryBudget>().InUse);
        GpuMetrics.Write(writer, context.RequestServices.GetRequiredService<GpuMetrics>().Read());
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(writer.ToString(), context.RequestAborted);
    }

    private static void WriteModels(ExpositionWriter writer, IReadOnlyList<ModelMetrics> models)
    {
        writer.Family("ops_runtime_requests_total", "counter", "Inference requests by the status they were answered with; 499 when the client went away.");
        foreach (var m in models)
        {
            foreach (var (code, count) in m.Requests)
            {
                writer.Sample("ops_runtime_requests_total", count, (Model, m.Model), (Version, m.Version), ("code", code.ToString()));
            }
        }

        Each("ops_runtime_request_failures_total", "counter", "Inference requests answered with 500 or above.", m => m.Failures);
        Each("ops_runtime_requests_in_flight", "gauge", "Inference requests being answered now.", m => m.InFlight);
        Each("ops_runtime_queue_length", "gauge", "Inference requests waiting for a run now.", m => m.Waiting);
        Each("ops_runtime_model_load_seconds", "gauge", "Time to fetch, verify and load the version; 0 until done.", m => m.LoadSeconds);
        Each("ops_runtime_model_warmup_seconds", "gauge", "Time to run the version with zeros before it was ready, part of the load; 0 without.", m => m.WarmUpSeconds);
        Each("ops_runtime_model_run_threads", "gauge", "CPU threads that one run of the version computes on; 0 until it is loaded.", m => m.RunThreads);
        writer.Family("ops_runtime_provider_info", "gauge", "Always 1; the label says where the version runs.");
        foreach (var m in models.Where(m => m.Providers.Count > 0))
        {
            writer.Sample("ops_runtime_provider_info", 1, (Model, m.Model), (Version, m.Version), ("provider", m.Providers[0]));
        }

        Histograms("ops_runtime_request_duration_seconds", "Duration of inference requests from head to end of answer.", m => m.RequestDuration);
        Histograms("ops_runtime_queue_duration_seconds", "Time that inference requests waited for a run.", m => m.QueueDuration);
        Histograms("ops_runtime_run_duration_seconds", "Time that inference requests ran in the engine.", m => m.RunDuration);

        Histograms("ops_runtime_batch_size", "Rows of each run in the engine.", m => m.BatchSize);

        // Under Triton's names too, so that dashboards made for it work.
        Each("nv_inference_request_success", "counter", "Inference requests answered with 200.", m => m.Requests.Where(r => r.Code == 200).Sum(r => r.Count));
        Each("nv_inference_request_failure", "counter", "Inference requests answered with anything else.", m => m.Requests.Where(r => r.Code != 200).Sum(r => r.Count));
        Each("nv_inference_request_duration_us", "counter", "Cumulative duration of inference requests in microseconds.", m => Sum(m.RequestDuration));
        Each("nv_inference_queue_duration_us", "counter", "Cumulative time in the queue in microseconds.", m => Sum(m.QueueDuration));
        Each("nv_inference_count", "counter", "Inferences performed: a request with a batch of n counts as n.", m => m.Rows);
        Each("nv_inference_exec_count", "counter", "Runs in the engine; one may serve several requests.", m => m.Runs);
        Each("nv_inference_pending_request_count", "gauge", "Inference requests waiting for a run now.", m => m.Waiting);
        Each("nv_inference_compute_input_duration_us", "counter", "Cumulative time of copying inputs together in microseconds.", m => Math.Round(m.MergeDuration.TotalMicroseconds));
        Each("nv_inference_compute_infer_duration_us", "counter", "Cumulative time in the engine in microseconds.", m => Sum(m.RunDuration));

        void Each(string name, string type, string help, Func<ModelMetrics, double> value)
        {
            writer.Family(name, type, help);
            foreach (var m in models)
            {
                writer.Sample(name, value(m), (Model, m.Model), (Version, m.Version));
            }
        }

        void Histograms(string name, string help, Func<ModelMetrics, Histogram> value)
        {
            writer.Family(name, "histogram", help);
            foreach (var m in models)
            {
                writer.Histogram(name, value(m), (Model, m.Model), (Version, m.Version));
            }
        }
    }

    private static double Sum(Histogram histogram)
    {
        Span<long> ignored = stackalloc long[Histogram.Bounds.Length + 1];
        return Math.Round(histogram.Read(ignored) * 1e6);
    }

    private static void WriteProcess(ExpositionWriter writer, int threads, long requestBytes)
    {
        writer.Family("ops_runtime_info", "gauge", "Always 1; the labels say what runs.");
        writer.Sample("ops_runtime_info", 1, ("engine", $"onnxruntime {OrtLibrary.Version}"), (Version, ProductVersion.Text));
        using var self = Process.GetCurrentProcess();
        One("process_cpu_seconds_total", "counter", "User and system CPU time.", Environment.CpuUsage.TotalTime.TotalSeconds);
        One("process_resident_memory_bytes", "gauge", "Resident memory.", Environment.WorkingSet);
        One("process_start_time_seconds", "gauge", "Start of the process since the Unix epoch.", (self.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds);
        One("ops_runtime_inference_threads", "gauge", "CPU threads for inference, shared by all versions.", threads);
        One("ops_runtime_request_memory_bytes", "gauge", "What the bodies and tensors of the requests being answered count, of MaxBytesInFlight.", requestBytes);
        One("ops_runtime_tensor_memory_bytes", "gauge", "Native memory that tensors hold.", TensorMemory.Shared.RentedBytes);
        One("ops_runtime_tensor_pool_bytes", "gauge", "Native memory that is kept for the next tensors.", TensorMemory.Shared.PooledBytes);
        One("process_threads", "gauge", "Threads of the process.", self.Threads.Count);
        One("dotnet_gc_heap_size_bytes", "gauge", "Managed heap in use.", GC.GetTotalMemory(forceFullCollection: false));
        One("dotnet_gc_allocated_bytes_total", "counter", "Managed memory allocated since the start.", GC.GetTotalAllocatedBytes());
        writer.Family("dotnet_gc_collections_total", "counter", "Garbage collections.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            writer.Sample("dotnet_gc_collections_total", GC.CollectionCount(generation), ("generation", generation.ToString()));
        }

        void One(string name, string type, string help, double value)
        {
            writer.Family(name, type, help);
            writer.Sample(name, value);
        }
    }
}
