namespace Ops.Dashboard.Features.Serving;

/// <summary>Errors in the form of the Open Inference Protocol: <c>{"error": "..."}</c>. They tell strangers nothing about what is inside.</summary>
internal static class ServingErrors
{
    /// <summary>Writes an error and returns its status.</summary>
    public static async Task<int> WriteAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(new { error = message }, context.RequestAborted);
        return status;
    }
}
