using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;

namespace Ops.Dashboard.Features.Access.Http;

/// <summary>Logs what nobody caught under the correlation id that the caller is told. Programs get it as JSON, people on the error page.</summary>
internal sealed class FailedRequests(ILogger<FailedRequests> log) : IExceptionHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var correlation = CorrelationId(httpContext);
        log.RequestFailed(httpContext.Request.Method, httpContext.Request.Path, correlation, exception);
        if (!RequestPaths.IsForPrograms(httpContext.Request.Path))
        {
            return false;
        }

        await Results.Problem($"Something failed here. The log holds the details under {correlation}.", statusCode: StatusCodes.Status500InternalServerError)
            .ExecuteAsync(httpContext);
        return true;
    }

    /// <summary>Joins what the caller sees with log lines and audit entries.</summary>
    public static string CorrelationId(HttpContext context) => Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
}
