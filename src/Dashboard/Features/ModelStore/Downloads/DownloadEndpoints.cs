using Microsoft.Net.Http.Headers;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore.Integrity;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Downloads;

/// <summary>Hands out files of versions: one at a time, in pieces if the client wants, or all of them as a ZIP made on the way.</summary>
internal static class DownloadEndpoints
{
    private static readonly TimeSpan AddressLifetime = TimeSpan.FromMinutes(5);
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps both.</summary>
    public static void MapDownloads(this IEndpointRouteBuilder app)
    {
        var versions = app.MapGroup("/models/{model}/versions/{number:int}").RequireAuthorization();
        versions.MapMethods("/files/{**path}", Methods, FileAsync);
        versions.MapGet("/download", ZipAsync);
    }

    private static async Task<IResult> FileAsync(
        string model, int number, string? path, HttpContext http, CommandRunner commands, DownloadQueries queries, ModelStores stores, ILogger<ReadableVersion> log)
    {
        // No path of a person ever reaches a disk: it is looked up among the paths of the version. A hostile one is refused before that.
        var check = string.IsNullOrEmpty(path) ? Failure.NotFound("Name a file of the version.") : UploadPaths.Check(path).Failure;
        if (check is not null)
        {
            return Problem(check);
        }

        if (await AllowAsync(http, commands) is { } forbidden)
        {
            return Problem(forbidden);
        }

        var found = await queries.FindAsync(model, number, path, http.RequestAborted);
        if (!found.Succeeded)
        {
            return Problem(found.Failure);
        }

        var (version, file) = (found.Value, found.Value.Files[0]);
        var name = file.Path[(file.Path.LastIndexOf('/') + 1)..];
        if (HttpMethods.IsGet(http.Request.Method) && await DirectAsync(stores, version, file, name, log, http.RequestAborted) is { } direct)
        {
            var written = await AuditAsync(http, commands, version, new { file.Path, file.SizeBytes, file.Sha256, From = "store" });
            if (!written.Succeeded)
            {
                return Problem(written.Failure);
            }

            // The address is a key to the file: nobody on the way keeps it.
            http.Response.Headers.CacheControl = "private, no-store";
            return Results.Redirect(direct.AbsoluteUri);
        }

        if (await OpenAsync(stores, version, file, log, http.RequestAborted) is not { } stream)
        {
            return Problem(Failure.Unavailable("The model store cannot hand out this file right now. Try again later; if it stays so, have the version verified."));
        }

        if (IsWhole(http.Request) && !CardImages.IsImage(file.Path)
            && await AuditAsync(http, commands, version, new { file.Path, file.SizeBytes, file.Sha256 }) is { Failure: { } refused })
        {
            await stream.DisposeAsync();
            return Problem(refused);
        }

        Guard(http.Response);
        return Results.Stream(
            stream,
            CardImages.TypeOf(file.Path) ?? "application/octet-stream",
            name,
            version.CreatedAt,
            new EntityTagHeaderValue($"\"{file.Sha256}\""),
            enableRangeProcessing: true);
    }

    private static async Task<IResult> ZipAsync(
        string model, int number, HttpContext http, CommandRunner commands, DownloadQueries queries, ModelStores stores, IntegrityCommands integrity, ILogger<ReadableVersion> log)
    {
        if (await AllowAsync(http, commands) is { } forbidden)
        {
            return Problem(forbidden);
        }

        var found = await queries.FindAsync(model, number, null, http.RequestAborted);
        if (!found.Succeeded)
        {
            return Problem(found.Failure);
        }

        // Once bytes are under way nothing can be said any more, so the first file is tried before.
        var version = found.Value;
        if (await OpenAsync(stores, version, version.Files[0], log, http.RequestAborted) is not { } first)
        {
            return Problem(Failure.Unavailable("The model store cannot hand out these files right now. Try again later; if it stays so, have the version verified."));
        }

        await first.DisposeAsync();
        if (await AuditAsync(http, commands, version, new { Files = version.Files.Count, SizeBytes = version.Files.Sum(f => f.SizeBytes) }) is { Failure: { } refused })
        {
            return Problem(refused);
        }

        Guard(http.Response);
        return Results.Stream(
            body => VersionZip.WriteAsync(body, stores.Get(version.Store), version, integrity, http.RequestAborted), "application/zip", $"{model}-{number}.zip");
    }

    private static async Task<Failure?> AllowAsync(HttpContext http, CommandRunner commands) =>
        (await commands.CheckAsync(Caller.From(http.User), "version.download", Right.View, http.RequestAborted)).Failure;

    // Who takes a model out of the house is written down, once and not for each piece.
    private static Task<Result> AuditAsync(HttpContext http, CommandRunner commands, ReadableVersion version, object what) =>
        commands.RunAsync(
            Caller.From(http.User),
            "version.download",
            Right.View,
            (scope, _) =>
            {
                scope.Audit("version", version.Id, version.Name, after: what);
                return Task.FromResult(Result.Done);
            },
            http.RequestAborted);

    private static bool IsWhole(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.IfNoneMatch.Count == 0
        && (request.GetTypedHeaders().Range is not { } range || range.Ranges.Any(r => r.From is 0));

    private static async Task<Stream?> OpenAsync(ModelStores stores, ReadableVersion version, VersionFile file, ILogger log, CancellationToken cancellation)
    {
        try
        {
            return await stores.Get(version.Store).OpenReadAsync(file.ObjectId, cancellation);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            log.DownloadFailed(file.Path, version.Name, exception);
            return null;
        }
    }

    // Large files of a store that browsers reach need not pass through here. The address works for a few minutes and for this object only.
    private static async Task<Uri?> DirectAsync(ModelStores stores, ReadableVersion version, VersionFile file, string name, ILogger log, CancellationToken cancellation)
    {
        try
        {
            return CardImages.IsImage(file.Path) ? null : await stores.Get(version.Store).DownloadAddressAsync(file.ObjectId, name, AddressLifetime, cancellation);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            log.DownloadFailed(file.Path, version.Name, exception);
            return null;
        }
    }

    private static void Guard(HttpResponse response)
    {
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "private, no-cache";
    }

    private static IResult Problem(Failure failure) => Results.Problem(
        failure.Message,
        statusCode: failure.Kind switch
        {
            FailureKind.Invalid => StatusCodes.Status400BadRequest,
            FailureKind.NotFound => StatusCodes.Status404NotFound,
            FailureKind.Forbidden => StatusCodes.Status403Forbidden,
            FailureKind.Conflict => StatusCodes.Status409Conflict,
            _ => StatusCodes.Status503ServiceUnavailable,
        });
}
