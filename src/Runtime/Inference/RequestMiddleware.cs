using Ops.Runtime.Lifecycle;

namespace Ops.Runtime.Inference;

/// <summary>Around every request: its id, the count of requests in flight, and errors in the protocol's form.</summary>
internal sealed class RequestMiddleware(RequestDelegate next, RequestsInFlight inFlight, Answers answers)
{
    /// <summary>Carries the request id, in and out.</summary>
    public const string IdHeader = "X-Request-Id";

    private const int MaxIdLength = 64;

    public async Task InvokeAsync(HttpContext context)
    {
        inFlight.Enter();
        try
        {
            context.TraceIdentifier = RequestId(context.Request.Headers[IdHeader].ToString());
            context.Response.Headers[IdHeader] = context.TraceIdentifier;
            context.Response.Headers.XContentTypeOptions = "nosniff";
            await next(context);
            if (!context.Response.HasStarted && context.Response is { StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed, ContentType: null })
            {
                var status = context.Response.StatusCode;
                await answers.RefuseAsync(context, status, status == StatusCodes.Status404NotFound ? "There is nothing at this address." : "This method is not allowed here.");
            }
        }
#pragma warning disable CA1031 // The last place where a failure can still become an answer.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await answers.FailAsync(context, exception);
        }
        finally
        {
            inFlight.Leave();
        }
    }

    /// <summary>The caller's id when it is harmless in a log and a header, otherwise a new one.</summary>
    public static string RequestId(string given) =>
        given.Length is > 0 and <= MaxIdLength && given.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? given
            : Guid.CreateVersion7().ToString("N");
}
