using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ops.Dashboard.Features.ModelStore.Imports.Guard;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Imports.Sources;

/// <summary>
/// An artifact of a registry, <c>oci://registry/repository:tag</c> or <c>@sha256:…</c>, by the OCI distribution specification 1.1. Every layer with a
/// title (<c>org.opencontainers.image.title</c>, as ORAS writes it) is a file; a single layer without one is an archive that is unpacked.
/// </summary>
internal sealed partial class OciSource(ImportHttp http, AddressGuard guard) : IImportSource
{
    private const string Title = "org.opencontainers.image.title";
    private static readonly string[] Manifests = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

    /// <inheritdoc/>
    public string Scheme => "oci";

    /// <inheritdoc/>
    public Result Check(ImportAddress address) => Place.Read(address.Text) is null
        ? Failure.Invalid("Write it as oci://registry/repository:tag or oci://registry/repository@sha256:… .", "address")
        : Result.Done;

    /// <inheritdoc/>
    public async Task<ImportListing> ListAsync(ImportJob job, CancellationToken cancellation)
    {
        var place = Place.Read(job.Address.Text) ?? throw new ImportRefusedException("The address names no artifact.");
        using var answer = await AskAsync(place, $"manifests/{place.Reference}", Manifests, null, cancellation);
        ImportHttp.ThrowUnlessSuccess(answer, job.Address.Shown);
        var bytes = await http.GetBytesAsync(answer, cancellation);
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (place.Reference.Contains(':', StringComparison.Ordinal) && place.Reference != digest)
        {
            throw new ImportRefusedException("The registry sent another manifest than the digest in the address says.");
        }

        try
        {
            using var json = JsonDocument.Parse(bytes);
            if (!json.RootElement.TryGetProperty("layers", out var layers))
            {
                throw new ImportRefusedException("This is a list of images for several platforms. Name one of them by its digest.");
            }

            List<ImportFile> files = [.. layers.EnumerateArray().Select((layer, index) => Read(layer, index))];
            return files.Count > 0 ? new ImportListing(files, digest) : throw new ImportRefusedException($"{job.Address.Shown} has no files.");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ImportRefusedException("The manifest cannot be read.", exception);
        }
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(ImportJob job, ImportFile file, long offset, CancellationToken cancellation)
    {
        var place = Place.Read(job.Address.Text) ?? throw new ImportRefusedException("The address names no artifact.");
        var answer = await AskAsync(place, $"blobs/{file.Origin}", [], offset > 0 ? offset : null, cancellation);
        ImportHttp.ThrowUnlessSuccess(answer, file.Path);
        var stream = await http.OpenAsync(answer, cancellation);

        // Blobs are named by their hash: there is no other state of one, only servers that know no ranges.
        var starts = answer.StatusCode == HttpStatusCode.PartialContent ? answer.Content.Headers.ContentRange?.From ?? 0 : 0;
        if (starts > offset)
        {
            await stream.DisposeAsync();
            throw new ImportInterruptedException("The registry sent another piece of the file than was asked for.");
        }

        await HttpRanges.SkipAsync(stream, offset - starts, cancellation);
        return stream;
    }

    private static ImportFile Read(JsonElement layer, int index)
    {
        var digest = layer.GetProperty("digest").GetString() ?? "";
        if (!Digest().IsMatch(digest))
        {
            throw new ImportRefusedException("The manifest names a layer by something else than its SHA-256.");
        }

        var title = layer.TryGetProperty("annotations", out var annotations) && annotations.TryGetProperty(Title, out var found) ? found.GetString() : null;
        var kind = layer.TryGetProperty("mediaType", out var type) ? type.GetString() ?? "" : "";
        var ending = kind.EndsWith("gzip", StringComparison.Ordinal) ? ".tar.gz" : kind.EndsWith("tar", StringComparison.Ordinal) ? ".tar" : "";
        return new ImportFile
        {
            Path = title ?? $"layer-{index + 1}{ending}",
            Origin = digest,
            Size = layer.GetProperty("size").GetInt64(),
            Sha256 = digest["sha256:".Length..],
            IsImmutable = true,
        };
    }

    private async Task<HttpResponseMessage> AskAsync(Place place, string what, string[] accept, long? from, CancellationToken cancellation)
    {
        var address = new Uri($"{(guard.IsAllowedByName(place.Host, place.Port) && place.IsPlain ? "http" : "https")}://{place.Registry}/v2/{place.Repository}/{what}");
        var answer = await http.SendAsync(uri => Request(uri, accept, from, null), address, cancellation);
        if (answer.StatusCode != HttpStatusCode.Unauthorized)
        {
            return answer;
        }

        var challenge = answer.Headers.WwwAuthenticate.FirstOrDefault(header => header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))?.Parameter;
        if (challenge is null)
        {
            return answer;
        }

        answer.Dispose();
        var token = await TokenAsync(place, challenge, cancellation);
        return await http.SendAsync(uri => Request(uri, accept, from, token), address, cancellation);
    }

    // Public artifacts too are given out against a token only; anybody gets one.
    private async Task<string> TokenAsync(Place place, string challenge, CancellationToken cancellation)
    {
        var said = Parameter().Matches(challenge).ToDictionary(match => match.Groups[1].Value.ToLowerInvariant(), match => match.Groups[2].Value);
        if (!said.TryGetValue("realm", out var realm) || !Uri.TryCreate(realm, UriKind.Absolute, out var address))
        {
            throw new ImportRefusedException($"{place.Registry} asks for a token and does not say where to get one.");
        }

        var query = $"scope={Uri.EscapeDataString($"repository:{place.Repository}:pull")}" + (said.TryGetValue("service", out var service) ? $"&service={Uri.EscapeDataString(service)}" : "");
        using var answer = await http.SendAsync(static uri => new HttpRequestMessage(HttpMethod.Get, uri), new UriBuilder(address) { Query = query }.Uri, cancellation);
        ImportHttp.ThrowUnlessSuccess(answer, $"{place.Registry}/{place.Repository}");
        using var json = JsonDocument.Parse(await http.GetBytesAsync(answer, cancellation));
        return (json.RootElement.TryGetProperty("token", out var token) || json.RootElement.TryGetProperty("access_token", out token) ? token.GetString() : null)
            ?? throw new ImportRefusedException($"{place.Registry} gave no token.");
    }

    private static HttpRequestMessage Request(Uri uri, string[] accept, long? from, string? token)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, uri);
        foreach (var kind in accept)
        {
            request.Headers.Accept.ParseAdd(kind);
        }

        request.Headers.Range = from is { } offset ? new RangeHeaderValue(offset, null) : null;
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return request;
    }

    [GeneratedRegex(@"\Asha256:[0-9a-f]{64}\z")]
    private static partial Regex Digest();

    [GeneratedRegex("([A-Za-z_]+)=\"([^\"]*)\"")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\Aoci://([A-Za-z0-9.-]+(?::[0-9]{1,5})?)/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127})|@(sha256:[0-9a-f]{64}))?\z")]
    private static partial Regex Address();

    private sealed record Place(string Registry, string Repository, string Reference)
    {
        public string Host => Registry.Split(':')[0];

        public int Port => Registry.Split(':') is [_, var port] ? int.Parse(port) : 443;

        // Registries on a port of their own that were allowed by name are those of a laboratory, as Docker's insecure-registries are.
        public bool IsPlain => Registry.Contains(':', StringComparison.Ordinal) && Port != 443;

        public static Place? Read(string text) => Address().Match(text) is { Success: true } match
            ? new Place(match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Success ? match.Groups[3].Value : match.Groups[4].Success ? match.Groups[4].Value : "latest")
            : null;
    }
}
