using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Imports.Guard;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Imports.Sources;

/// <summary>
/// A repository of the Hugging Face hub: <c>hf://organisation/model[@revision][/path]</c>. Files are listed by the hub's API and fetched at the commit
/// found then; large ones have their SHA-256 in the list (that of Git LFS).
/// </summary>
internal sealed partial class HuggingFaceSource(ImportHttp http, IOptions<ImportsOptions> options) : IImportSource
{
    /// <inheritdoc/>
    public string Scheme => "hf";

    private Uri Endpoint => new(options.Value.HuggingFaceEndpoint.TrimEnd('/') + "/");

    /// <inheritdoc/>
    public Result Check(ImportAddress address) => Place.Read(address.Text) is null
        ? Failure.Invalid("Write it as hf://organisation/model, hf://organisation/model@revision or hf://organisation/model@revision/folder.", "address")
        : Result.Done;

    /// <inheritdoc/>
    public async Task<ImportListing> ListAsync(ImportJob job, CancellationToken cancellation)
    {
        var place = Place.Read(job.Address.Text) ?? throw new ImportRefusedException("The address names no model.");
        var address = new Uri(Endpoint, $"api/models/{place.Repository}/revision/{Uri.EscapeDataString(place.Revision)}?blobs=true");
        using var answer = await http.SendAsync(Request, address, cancellation);
        ImportHttp.ThrowUnlessSuccess(answer, job.Address.Shown);
        try
        {
            using var json = JsonDocument.Parse(await http.GetBytesAsync(answer, cancellation));
            var commit = json.RootElement.GetProperty("sha").GetString() ?? "";
            if (!Commit().IsMatch(commit))
            {
                throw new ImportRefusedException("The hub named no commit for this revision.");
            }

            List<ImportFile> files = [.. json.RootElement.GetProperty("siblings").EnumerateArray().Select(entry => Read(entry, place, commit)).OfType<ImportFile>()];
            return files.Count > 0 ? new ImportListing(files, commit) : throw new ImportRefusedException($"{job.Address.Shown} has no files.");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ImportInterruptedException("The hub's list of files cannot be read.", exception);
        }
    }

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(ImportJob job, ImportFile file, long offset, CancellationToken cancellation) =>
        HttpRanges.OpenAsync(http, Request, new Uri(Endpoint, file.Origin), file, offset, cancellation);

    private static ImportFile? Read(JsonElement entry, Place place, string commit)
    {
        var path = entry.GetProperty("rfilename").GetString() ?? "";
        var inside = place.Folder is null || path == place.Folder || path.StartsWith(place.Folder + "/", StringComparison.Ordinal);
        if (!inside || path.Split('/')[^1].StartsWith(".git", StringComparison.Ordinal))
        {
            return null;
        }

        var lfs = entry.TryGetProperty("lfs", out var found) && found.ValueKind == JsonValueKind.Object ? found : (JsonElement?)null;
        return new ImportFile
        {
            Path = place.Folder is null ? path : path == place.Folder ? path.Split('/')[^1] : path[(place.Folder.Length + 1)..],
            Origin = $"{place.Repository}/resolve/{commit}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}",
            Size = entry.TryGetProperty("size", out var size) && size.TryGetInt64(out var bytes) ? bytes : null,
            Sha256 = lfs?.GetProperty("sha256").GetString()?.ToLowerInvariant(),
            IsImmutable = true,
        };
    }

    private HttpRequestMessage Request(Uri uri)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, uri);
        if (options.Value.HuggingFaceToken is { Length: > 0 } token && uri.Host == Endpoint.Host && uri.Port == Endpoint.Port)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    [GeneratedRegex(@"\A[0-9a-f]{40,64}\z")]
    private static partial Regex Commit();

    [GeneratedRegex(@"\Ahf://([A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95})(?:@([A-Za-z0-9][A-Za-z0-9._-]{0,127}))?(?:/([^?#]+?))?/?\z")]
    private static partial Regex Address();

    private sealed record Place(string Repository, string Revision, string? Folder)
    {
        public static Place? Read(string text) => Address().Match(text) is { Success: true } match
            ? new Place(
                match.Groups[1].Value,
                match.Groups[2].Success ? match.Groups[2].Value : "main",
                match.Groups[3].Success ? Uri.UnescapeDataString(match.Groups[3].Value) : null)
            : null;
    }
}
