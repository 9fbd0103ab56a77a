using Microsoft.AspNetCore.Antiforgery;

namespace Ops.Dashboard.Features.Access.Http;

/// <summary>
/// Refuses changes that another site made the browser send: a cookie alone is not enough for <c>/api</c>.
/// The page's script reads the token from <c>GET /api/antiforgery</c> and sends it in the header <see cref="Header"/>.
/// Use it on a group: <c>group.AddEndpointFilter&lt;AntiforgeryFilter&gt;()</c>. GET and HEAD pass without a token.
/// </summary>
internal sealed class AntiforgeryFilter(IAntiforgery antiforgery) : IEndpointFilter
{
    /// <summary>The header that carries the token.</summary>
    public const string Header = "X-CSRF-Token";

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        await antiforgery.IsRequestValidAsync(context.HttpContext)
            ? await next(context)
            : Results.Problem($"The request lacks a valid {Header} header. Reload the page and try again.", statusCode: StatusCodes.Status400BadRequest);
}

/// <summary>What <c>GET /api/antiforgery</c> answers.</summary>
/// <param name="Header">The header to send the token in.</param>
/// <param name="Token">Good for this person's session; ask again after signing in anew.</param>
internal sealed record AntiforgeryAnswer(string Header, string Token);
