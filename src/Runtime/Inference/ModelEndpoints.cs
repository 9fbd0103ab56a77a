using System.Text.Json;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Models;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Inference;

/// <summary>Answers everything of the protocol but inference: the server's and the models' health and metadata.</summary>
internal sealed class ModelEndpoints(ModelRegistry registry, RuntimeState state, Answers answers, IOptions<RuntimeOptions> options)
{
    private static readonly IReadOnlyList<KeyValuePair<string, string>> NoParameters = [];

    /// <summary>What is offered beyond the protocol itself, under Triton's names.</summary>
    public IReadOnlyList<string> Extensions { get; } = options.Value.Repository.Enabled
        ? ["binary_tensor_data", "classification", "parameters", "schedule_policy", "model_repository"]
        : ["binary_tensor_data", "classification", "parameters", "schedule_policy"];

    /// <summary>Why a version cannot answer now, in plain words; null when it can.</summary>
    public static string? WhyNotReady(ServedModel model, RuntimeState state) =>
        state.IsDraining ? "The server is stopping."
        : model.Error is { } error ? error
        : model.Signature is null ? "The model is still being loaded."
        : null;

    public Task ServerAsync(HttpContext context) => answers.WriteAsync(context, StatusCodes.Status200OK, json =>
    {
        json.WriteString("name"u8, "ops-runtime");
        json.WriteString("version"u8, ProductVersion.Text);
        json.WriteStartArray("extensions"u8);
        foreach (var extension in Extensions)
        {
            json.WriteStringValue(extension);
        }

        json.WriteEndArray();
    });

    public Task LiveAsync(HttpContext context) =>
        answers.WriteAsync(context, StatusCodes.Status200OK, json => json.WriteBoolean("live"u8, true));

    public Task ReadyAsync(HttpContext context)
    {
        var snapshot = state.Snapshot;
        return snapshot.Phase == RuntimePhase.Ready
            ? answers.WriteAsync(context, StatusCodes.Status200OK, json => json.WriteBoolean("ready"u8, true))
            : answers.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, snapshot.Error ?? (snapshot.Phase == RuntimePhase.Draining ? "The server is stopping." : "The models are still being loaded."));
    }

    public Task ModelReadyAsync(HttpContext context) => Find(context) is not { } model
        ? NotFoundAsync(context)
        : WhyNotReady(model, state) is { } reason
            ? answers.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, reason)
            : answers.WriteAsync(context, StatusCodes.Status200OK, json =>
            {
                json.WriteString("name"u8, model.Name);
                json.WriteBoolean("ready"u8, true);
            });

    public Task ModelAsync(HttpContext context)
    {
        if (Find(context) is not { } model)
        {
            return NotFoundAsync(context);
        }

        if (model.Signature is not { } signature)
        {
            return answers.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, WhyNotReady(model, state) ?? "The model is still being loaded.");
        }

        return answers.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteString("name"u8, model.Name);
            json.WriteStartArray("versions"u8);
            foreach (var version in registry.Versions(model.Name))
            {
                json.WriteStringValue(version.Version);
            }

            json.WriteEndArray();
            json.WriteString("platform"u8, "onnxruntime_onnx");
            WriteTensors(json, "inputs", signature.Inputs.Select((input, i) => (input, signature.InputParameters(i))));
            WriteTensors(json, "outputs", signature.AllOutputs.Select(i => (signature.Outputs[i], NoParameters)));
            json.WriteStartObject("parameters"u8);
            WriteProviders(json, model.Metrics);
            json.WriteNumber("threads_per_run"u8, model.Metrics.RunThreads);
            json.WriteString("threads_per_run_reason"u8, model.Threading?.Reason);
            SchedulingDescription.Write(json, model.Scheduler);
            json.WriteEndObject();
        });
    }

    private static void WriteProviders(Utf8JsonWriter json, ModelMetrics metrics)
    {
        json.WriteString("execution_provider"u8, metrics.Providers[0]);
        if (metrics.WantedProvider is { } wanted && wanted != metrics.Providers[0])
        {
            json.WriteString("execution_provider_wanted"u8, wanted);
        }
    }

    private static void WriteTensors(Utf8JsonWriter json, string member, IEnumerable<(OrtTensorInfo Tensor, IReadOnlyList<KeyValuePair<string, string>> Parameters)> tensors)
    {
        json.WriteStartArray(member);
        foreach (var (tensor, parameters) in tensors)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, tensor.Name);
            json.WriteString("datatype"u8, ProtocolTypes.Name(tensor.ElementType));
            json.WriteStartArray("shape"u8);
            foreach (var extent in tensor.Shape)
            {
                json.WriteNumberValue(extent);
            }

            json.WriteEndArray();
            if (parameters.Count > 0)
            {
                json.WriteStartObject("parameters"u8);
                foreach (var (name, value) in parameters)
                {
                    json.WriteString(name, value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private ServedModel? Find(HttpContext context) =>
        registry.Find((string)context.GetRouteValue("model")!, (string?)context.GetRouteValue("version"));

    private Task NotFoundAsync(HttpContext context) =>
        answers.RefuseAsync(context, StatusCodes.Status404NotFound, "There is no such model or version.");
}
