using System.Globalization;
using System.Net.Http.Headers;

namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>Tries an S3 store out: everything that uploads, runtimes and browsers will need of it.</summary>
internal sealed class S3Checks(S3Store store, S3Settings settings, S3Connection connection, StoreCheckRun run, TimeProvider time)
{
    private const int Part = 5 * 1024 * 1024;
    private const string SignedPart = "Signed address for a part";
    private const string Cors = "Uploads straight from browsers (CORS)";
    private static readonly TimeSpan LargestSkew = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>Runs all checks; what depends on one that failed is skipped.</summary>
    public async Task RunAsync(Uri? browserOrigin, CancellationToken cancellation)
    {
        if (!await run.TryAsync("Reach the server", () => ReachAsync(cancellation)))
        {
            return;
        }

        await StoreRoundTrip.CheckAsync(store, run, cancellation);
        if (run.HasFailed)
        {
            run.Add(new("List, sign addresses, upload in parts", null, "Not tried, because writing, reading and deleting do not work yet."));
            return;
        }

        await run.TryAsync("List objects", () => ListAsync(cancellation));
        await run.TryAsync("Signed address for reading", () => SignedReadAsync(cancellation));
        await PartsAsync(browserOrigin, cancellation);
    }

    private async Task<string> ReachAsync(CancellationToken cancellation)
    {
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, connection.Server), cancellation);
        if (answer.Headers.Date is { } date && (date - time.GetUtcNow()).Duration() > LargestSkew)
        {
            throw new StoreUnavailableException(
                StoreProblem.Clock,
                $"The server's clock says {date.UtcDateTime.ToString("u", CultureInfo.InvariantCulture)}, which differs from this machine's by more than {LargestSkew.TotalMinutes} minutes. Set both by NTP.");
        }

        return $"{connection.Server.Authority} answers, and its clock agrees.";
    }

    private async Task<string> ListAsync(CancellationToken cancellation)
    {
        await foreach (var item in store.ListAsync(cancellation))
        {
            return $"The bucket can be listed; there are objects of this installation, such as {item.ObjectId}.";
        }

        return "The bucket can be listed; there is nothing of this installation yet.";
    }

    private async Task<string> SignedReadAsync(CancellationToken cancellation)
    {
        var id = ObjectIds.Create();
        try
        {
            var unfinished = await store.BeginAsync(id, 3, cancellation);
            using var content = new MemoryStream("ops"u8.ToArray());
            await store.WritePartAsync(unfinished, unfinished.Part(1), content, cancellation);
            using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, await store.SourceForAsync(id, Lifetime, cancellation)), cancellation);
            return answer.IsSuccessStatusCode && await answer.Content.ReadAsStringAsync(cancellation) == "ops"
                ? "Runtimes can fetch files by addresses that end by themselves."
                : throw new IOException($"A signed address was answered with {(int)answer.StatusCode}. Check the key's rights and whether something in between changes requests.");
        }
        finally
        {
            await store.DeleteAsync(id, cancellation);
        }
    }

    private async Task PartsAsync(Uri? browserOrigin, CancellationToken cancellation)
    {
        var id = ObjectIds.Create();
        UnfinishedObject? unfinished = null;
        await run.TryAsync("Begin an upload in parts", async () =>
        {
            unfinished = await store.BeginAsync(id, store.PartSizeFor(Part) + 1L, cancellation);
            return "The server takes files in parts.";
        });
        if (unfinished is null)
        {
            return;
        }

        await AsBrowsersAsync(unfinished, browserOrigin, cancellation);
        await run.TryAsync("Give an upload in parts up", async () =>
        {
            await store.AbandonAsync(id, unfinished.Token, cancellation);
            await store.DeleteAsync(id, cancellation);
            return "Nothing is left behind.";
        });
    }

    private async Task AsBrowsersAsync(UnfinishedObject unfinished, Uri? browserOrigin, CancellationToken cancellation)
    {
        if (!await ReachesPublicServerAsync(cancellation))
        {
            var untried = $"Not tried: the dashboard itself cannot reach {connection.PublicServer.Authority}, where browsers send. Whether they can shows with the first upload; if not, it goes through the dashboard.";
            run.Add(new(SignedPart, null, untried));
            run.Add(new(Cors, null, untried));
            return;
        }

        var address = (await store.AddressForPartAsync(unfinished, new(1, 0, 3), null, Lifetime, cancellation))!;
        await run.TryAsync(SignedPart, () => SignedPartAsync(address, cancellation));
        if (browserOrigin is null || !settings.DirectUploads)
        {
            run.Add(new(Cors, null, "Not tried: browsers send through the dashboard."));
        }
        else
        {
            await run.TryAsync(Cors, () => CorsAsync(address, browserOrigin, cancellation));
        }
    }

    // An address for browsers, such as one of this machine's host, need not lead anywhere from where the dashboard runs.
    private async Task<bool> ReachesPublicServerAsync(CancellationToken cancellation)
    {
        try
        {
            using var answer = connection.PublicServer == connection.Server ? null : await SendAsync(new HttpRequestMessage(HttpMethod.Get, connection.PublicServer), cancellation);
            return true;
        }
        catch (StoreUnavailableException exception) when (exception.Problem == StoreProblem.Unreachable)
        {
            return false;
        }
    }

    private async Task<string> SignedPartAsync(DirectPart address, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, address.Address) { Content = new ByteArrayContent("ops"u8.ToArray()) };
        using var answer = await SendAsync(request, cancellation);
        return answer.IsSuccessStatusCode
            ? "The server takes parts at signed addresses."
            : throw new IOException($"A part sent to a signed address was answered with {(int)answer.StatusCode}. Check that the public address leads to the same server without changing requests.");
    }

    private async Task<string> CorsAsync(DirectPart address, Uri origin, CancellationToken cancellation)
    {
        var from = origin.GetLeftPart(UriPartial.Authority);
        using var request = new HttpRequestMessage(HttpMethod.Options, address.Address);
        request.Headers.Add("Origin", from);
        request.Headers.Add("Access-Control-Request-Method", "PUT");
        request.Headers.Add("Access-Control-Request-Headers", "x-amz-checksum-sha256");
        using var answer = await SendAsync(request, cancellation);
        var allowed = Values(answer.Headers, "Access-Control-Allow-Origin");
        return answer.IsSuccessStatusCode && (allowed.Contains("*") || allowed.Contains(from)) && Values(answer.Headers, "Access-Control-Allow-Methods").Contains("PUT")
            ? $"Browsers at {from} may send parts."
            : throw new IOException($"Browsers at {from} may not send parts. Give the bucket a CORS rule that allows this origin the method PUT and the header x-amz-checksum-sha256, or let uploads go through the dashboard.");
    }

    private static List<string> Values(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? [.. values.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries))] : [];

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) =>
        S3Errors.GuardAsync(settings, () => connection.Http.SendAsync(request, cancellation), cancellation);
}
