using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ops.Dashboard.Features.ModelStore.Imports.Guard;

namespace Ops.Dashboard.Features.ModelStore.Imports.Sources;

/// <summary>Fetches files of Git LFS by its batch API, through the same guarded client as everything else rather than by its own program.</summary>
internal sealed partial class GitLfs(ImportHttp http)
{
    private const string MediaType = "application/vnd.git-lfs+json";
    private static readonly string[] Transfers = ["basic"];

    /// <summary>Opens one file.</summary>
    /// <param name="repository">The address of the repository.</param>
    /// <param name="file">With its SHA-256 and size.</param>
    /// <param name="offset">The first byte that is wanted.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Stream> OpenAsync(Uri repository, ImportFile file, long offset, CancellationToken cancellation)
    {
        var text = repository.AbsoluteUri.TrimEnd('/');
        var address = new Uri((text.EndsWith(".git", StringComparison.Ordinal) ? text : text + ".git") + "/info/lfs/objects/batch");
        var message = JsonSerializer.Serialize(new { operation = "download", transfers = Transfers, objects = new[] { new { oid = file.Sha256, size = file.Size } } });
        using var answer = await http.SendAsync(
            uri =>
            {
                var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new StringContent(message, Encoding.UTF8, new MediaTypeHeaderValue(MediaType)) };
                request.Headers.Accept.ParseAdd(MediaType);
                return request;
            },
            address,
            cancellation);
        ImportHttp.ThrowUnlessSuccess(answer, $"The Git LFS server of {repository.Host}");
        var (href, headers) = Read(await http.GetBytesAsync(answer, cancellation), file);
        return await HttpRanges.OpenAsync(
            http,
            uri =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, uri);
                foreach (var (name, value) in uri.Host == href.Host ? headers : [])
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }

                return request;
            },
            href,
            file,
            offset,
            cancellation);
    }

    private static (Uri Href, Dictionary<string, string> Headers) Read(byte[] answer, ImportFile file)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            var item = json.RootElement.GetProperty("objects")[0];
            if (!item.TryGetProperty("actions", out var actions) || !actions.TryGetProperty("download", out var download))
            {
                throw new ImportRefusedException($"The Git LFS server does not have {file.Path}.");
            }

            Dictionary<string, string> headers = download.TryGetProperty("header", out var said)
                ? said.EnumerateObject().ToDictionary(header => header.Name, header => header.Value.GetString() ?? "")
                : [];
            return (new Uri(download.GetProperty("href").GetString() ?? "", UriKind.Absolute), headers);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or UriFormatException)
        {
            throw new ImportInterruptedException("The answer of the Git LFS server cannot be read.", exception);
        }
    }

    /// <summary>What stands in a repository for a large file.</summary>
    /// <param name="Sha256">SHA-256 (hex) of the file.</param>
    /// <param name="Size">Its length in bytes.</param>
    public sealed partial record Pointer(string Sha256, long Size)
    {
        /// <summary>Reads one, or null when the text is none.</summary>
        public static Pointer? Read(string text) => Lines().Match(text) is { Success: true } match && long.TryParse(match.Groups[2].Value, CultureInfo.InvariantCulture, out var size)
            ? new Pointer(match.Groups[1].Value, size)
            : null;

        [GeneratedRegex(@"\Aversion https://git-lfs\.github\.com/spec/v1\n(?:[a-z0-9.-]+ [^\n]*\n)*?oid sha256:([0-9a-f]{64})\n(?:[a-z0-9.-]+ [^\n]*\n)*?size ([0-9]{1,18})\n\z")]
        private static partial Regex Lines();
    }
}
