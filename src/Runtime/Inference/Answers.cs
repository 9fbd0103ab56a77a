using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Answers that are not inference results: small JSON objects and errors.</summary>
internal sealed class Answers(RuntimeState state, ILogger<Answers> log)
{
    /// <summary>What is counted for a request whose client went away; never sent.</summary>
    public const int ClientClosed = 499;

    /// <summary>Answers with a JSON object.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="write">Writes the members.</param>
    public Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write) => WriteValueAsync(context, status, json =>
    {
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    });

    /// <summary>Answers 200 with a JSON array.</summary>
    /// <param name="context">The request.</param>
    /// <param name="write">Writes the elements.</param>
    public Task WriteArrayAsync(HttpContext context, Action<Utf8JsonWriter> write) => WriteValueAsync(context, StatusCodes.Status200OK, json =>
    {
        json.WriteStartArray();
        write(json);
        json.WriteEndArray();
    });

    /// <summary>Answers <c>{"error": ...}</c>.</summary>
    public Task RefuseAsync(HttpContext context, int status, string error)
    {
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "1";
        }
        else if (status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return WriteAsync(context, status, json => json.WriteString("error"u8, error));
    }

    /// <summary>Turns an exception into an answer and a log line. What a stranger may not know stays in the log, which
    /// has the same request id.</summary>
    /// <returns>The status to count.</returns>
    public async Task<int> FailAsync(HttpContext context, Exception exception)
    {
        var traceId = RuntimeTracing.TraceId(context);
        if (context.RequestAborted.IsCancellationRequested)
        {
            log.ClientClosed(context.TraceIdentifier, traceId);
            return ClientClosed;
        }

        var (status, error) = Describe(exception, context);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            log.RequestFailed(context.TraceIdentifier, status, traceId, exception);
        }
        else
        {
            log.RequestRefused(context.TraceIdentifier, status, exception.Message, traceId);
        }

        if (context.Response.HasStarted)
        {
            // Half an answer went out already: cutting the connection is the only way left to say that it is broken.
            context.Abort();
            return StatusCodes.Status500InternalServerError;
        }

        context.Response.Clear();
        context.Response.Headers[RequestMiddleware.IdHeader] = context.TraceIdentifier;
        await RefuseAsync(context, status, error);
        return status;
    }

    /// <summary>While the process drains, every answer closes its connection, so that none is idle when the server stops.</summary>
    public void PrepareToClose(HttpContext context)
    {
        if (state.IsDraining)
        {
            context.Response.Headers.Connection = "close";
        }
    }

    private async Task WriteValueAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        PrepareToClose(context);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            write(json);
        }
    }

    /// <summary>What a client is told about an exception: an HTTP status, and words that a stranger may read.</summary>
    public static (int Status, string Error) Describe(Exception exception, HttpContext context) => exception switch
    {
        ProtocolException refusal => (refusal.Status, refusal.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            (StatusCodes.Status413PayloadTooLarge, $"The body is larger than {context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize} bytes."),
        BadHttpRequestException broken => (broken.StatusCode, "The request is malformed or came too slowly."),
        OrtException { Code: OrtErrorCode.InvalidArgument } => (StatusCodes.Status400BadRequest, "The model does not accept these inputs."),
        _ => (StatusCodes.Status500InternalServerError, $"The request failed. The log of the server has the details under request id {context.TraceIdentifier}."),
    };
}
