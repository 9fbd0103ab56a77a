using System.Diagnostics;
using Microsoft.Net.Http.Headers;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Monitoring;

/// <summary>
/// Traces of requests, sent over OTLP when an address for them is configured. Otherwise nothing is registered: no span is
/// ever made, and the only cost left is asking whether anybody listens.
/// </summary>
internal static class RuntimeTracing
{
    /// <summary>The name that listeners find the spans by.</summary>
    public const string SourceName = "Ops.Runtime";

    private const string StandardEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string StandardTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    private const string StandardProtocol = "OTEL_EXPORTER_OTLP_PROTOCOL";

    private static readonly ActivitySource Source = new(SourceName, ProductVersion.Text);

    public static void AddTracing(this WebApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection($"{RuntimeOptions.Section}:{nameof(RuntimeOptions.Otlp)}").Get<OtlpOptions>() ?? new OtlpOptions();
        if (options.Endpoint is { Length: > 0 } endpoint)
        {
            // The SDK reads the standard names from the configuration, so ours only have to become those, and everything
            // else that the standard has a name for (headers, timeouts, sampling) works beside them.
            builder.Configuration.AddInMemoryCollection([new(StandardEndpoint, endpoint)]);
            if (options.Protocol is { Length: > 0 } protocol)
            {
                builder.Configuration.AddInMemoryCollection([new(StandardProtocol, protocol)]);
            }
        }

        if (string.IsNullOrEmpty(builder.Configuration[StandardEndpoint]) && string.IsNullOrEmpty(builder.Configuration[StandardTracesEndpoint]))
        {
            return;
        }

        var instance = builder.Configuration[$"{RuntimeOptions.Section}:{nameof(RuntimeOptions.Instance)}"];
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource
                .AddService("ops-runtime", serviceVersion: ProductVersion.Text, autoGenerateServiceInstanceId: instance is null, serviceInstanceId: instance)
                .AddEnvironmentVariableDetector())
            .WithTracing(tracing => tracing.AddSource(SourceName).AddOtlpExporter());
    }

    /// <summary>Begins the span <c>infer</c> of a request, as a child of the caller's span when it sent one.</summary>
    /// <param name="context">The request.</param>
    /// <param name="protocol">What it speaks: <c>http</c> or <c>grpc</c>.</param>
    /// <param name="model">A model that is served; empty for others.</param>
    /// <param name="version">Its version.</param>
    /// <returns>Null when nobody listens or this trace is not recorded; disposing ends the span.</returns>
    public static Activity? StartInfer(HttpContext context, string protocol, string model, string version)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        // The web server's own activity is never sent, so a child of it would hang in the air.
        Activity.Current = null;
        var activity = Source.StartActivity("infer", ActivityKind.Server, Caller(context));
        return activity?
            .SetTag("ops.request.id", context.TraceIdentifier)
            .SetTag("ops.model.name", model)
            .SetTag("ops.model.version", version)
            .SetTag("ops.protocol", protocol);
    }

    /// <summary>The span that work on this thread belongs to; null when none is made.</summary>
    public static Activity? Current => Activity.Current is { } current && current.Source == Source ? current : null;

    /// <summary>Begins a span inside of the current one; null when there is none.</summary>
    public static Activity? Start(string name) => Start(name, Current);

    /// <summary>Begins a span inside of another; null when there is none.</summary>
    public static Activity? Start(string name, Activity? parent) =>
        parent is null ? null : Source.StartActivity(name, ActivityKind.Internal, parent.Context);

    /// <summary>Makes a span of something that is over.</summary>
    /// <param name="name">What it was.</param>
    /// <param name="parent">What it was part of; null makes none.</param>
    /// <param name="duration">How long it took, until now.</param>
    public static void Record(string name, Activity? parent, TimeSpan duration)
    {
        if (parent is not null)
        {
            Source.StartActivity(name, ActivityKind.Internal, parent.Context, startTime: TimeProvider.System.GetUtcNow() - duration)?.Dispose();
        }
    }

    /// <summary>Says how many examples the request holds: the first extent of its first input.</summary>
    public static void SetBatch(this Activity? infer, long[] shape)
    {
        if (infer is not null && shape.Length > 0)
        {
            infer.SetTag("ops.batch.size", shape[0]);
        }
    }

    /// <summary>Says how the request ended.</summary>
    /// <param name="infer">The span of the request.</param>
    /// <param name="status">As an HTTP status.</param>
    public static void SetOutcome(this Activity? infer, int status)
    {
        if (infer is null)
        {
            return;
        }

        infer.SetTag("http.response.status_code", status);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            infer.SetStatus(ActivityStatusCode.Error);
        }
    }

    /// <summary>The trace that a request belongs to: the recorded one, or else the one that the caller named.</summary>
    /// <returns>32 hexadecimal digits; null when there is none.</returns>
    public static string? TraceId(HttpContext context)
    {
        if (Current is { } current)
        {
            return current.TraceId.ToHexString();
        }

        var caller = Caller(context);
        return caller.TraceId == default ? null : caller.TraceId.ToHexString();
    }

    /// <summary>What the caller's W3C trace context says; the default when it is missing or malformed.</summary>
    private static ActivityContext Caller(HttpContext context)
    {
        var headers = context.Request.Headers;
        return headers.TryGetValue(HeaderNames.TraceParent, out var parent)
            && ActivityContext.TryParse(parent, headers[HeaderNames.TraceState], isRemote: true, out var caller)
            ? caller
            : default;
    }
}
