using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Ops.Runtime.Lifecycle;

namespace Ops.Runtime.Inference;

/// <summary>Around every request: its id, the count of requests in flight, and errors in the protocol's form.</summary>
internal sealed class RequestMiddleware(RequestDelegate next, RequestsInFlight inFlight, Answers answers)
{
    /// <summary>Carries the request id, in and out.</summary>
    public const string IdHeader = "X-Request-Id";

    private const int MaxIdLength = 64;

    private static readonly SearchValues<char> Harmless =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    private static readonly ulong Process = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private static ulong lastNumber;

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
        given.Length is > 0 and <= MaxIdLength && !given.AsSpan().ContainsAnyExcept(Harmless)
            ? given
            : NewId();

    /// <summary>Unique, not secret: what the process drew when it started and a number. The system's random numbers would cost
    /// a call to it for every request.</summary>
    private static string NewId() => string.Create(2 * sizeof(ulong) * 2, Interlocked.Increment(ref lastNumber), static (id, number) =>
    {
        Process.TryFormat(id, out _, "x16", CultureInfo.InvariantCulture);
        number.TryFormat(id[(2 * sizeof(ulong))..], out _, "x16", CultureInfo.InvariantCulture);
    });
}
