using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Supply;

/// <summary>Hands a file to a pod that shows a link made for it. Who has no such link learns nothing, not even whether there is one.</summary>
internal static class FetchEndpoint
{
    private const int LongestToken = 2048;

    /// <summary>Maps it.</summary>
    public static void MapFetch(this IEndpointRouteBuilder app) =>
        app.MapGet($"{FetchLinks.Path}/{{token}}", FetchAsync).AllowAnonymous();

    private static async Task<IResult> FetchAsync(
        string token, HttpContext http, [FromServices] FetchLinks links, [FromServices] IDbContextFactory<RegistryDb> databases, [FromServices] ModelStores stores, [FromServices] ILogger<FetchLinks> log)
    {
        if (token.Length > LongestToken || links.Read(token) is not { } wanted)
        {
            return Results.NotFound();
        }

        var cancellation = http.RequestAborted;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var file = await db.VersionFiles.AsNoTracking().SingleOrDefaultAsync(f => f.VersionId == wanted.VersionId && f.Path == wanted.Path, cancellation);
        var version = file is null ? null : await db.Versions.AsNoTracking().SingleOrDefaultAsync(v => v.Id == wanted.VersionId, cancellation);
        if (file is null || version is null || version.IsDeleted || version.State == VersionState.Damaged || !stores.TryGet(version.Store, out var store))
        {
            return Results.NotFound();
        }

        try
        {
            var stream = await store.OpenReadAsync(file.ObjectId, cancellation);
            http.Response.Headers.CacheControl = "private, no-store";
            http.Response.Headers.XContentTypeOptions = "nosniff";
            return Results.Stream(stream, "application/octet-stream", enableRangeProcessing: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            log.FetchFailed(file.Path, version.Id, exception);
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }
}
