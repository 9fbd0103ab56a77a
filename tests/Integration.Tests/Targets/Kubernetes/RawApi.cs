using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>A reply of the API: its code and body.</summary>
internal sealed record RawReply(int Code, JsonNode Body)
{
    public string Version => Body.Text("metadata", "resourceVersion")!;

    public string Message => Body.Text("message") ?? "";
}

/// <summary>The API in plain HTTP.</summary>
internal sealed class RawApi(HttpClient client)
{
    public Task<RawReply> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null, "");

    public Task<RawReply> PostAsync(string path, JsonNode body) => SendAsync(HttpMethod.Post, path, body.ToJsonString(), "application/json");

    public Task<RawReply> PutAsync(string path, JsonNode body) => SendAsync(HttpMethod.Put, path, body.ToJsonString(), "application/json");

    public Task<RawReply> MergeAsync(string path, string body) => SendAsync(HttpMethod.Patch, path, body, "application/merge-patch+json");

    public Task<RawReply> ApplyAsync(string path, JsonNode body, string manager = "ops-dashboard", string options = "") =>
        SendAsync(HttpMethod.Patch, $"{path}?fieldManager={manager}{options}", body.ToJsonString(), "application/apply-patch+yaml");

    public Task<RawReply> ApplyTextAsync(string path, string yaml, string manager) => SendAsync(HttpMethod.Patch, $"{path}?fieldManager={manager}&force=true", yaml, "application/apply-patch+yaml");

    public Task<RawReply> DeleteAsync(string path, string? options = null) => SendAsync(HttpMethod.Delete, path, options, "application/json");

    /// <summary>Reads a watch until the condition holds of what came so far, or the stream ends.</summary>
    public async Task<List<JsonNode>> WatchAsync(string path, Func<List<JsonNode>, bool> until, Func<Task>? meanwhile = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var reply = await client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, patience.Token);
        var events = new List<JsonNode>();
        if (!reply.IsSuccessStatusCode)
        {
            events.Add(JsonNode.Parse(await reply.Content.ReadAsStringAsync(patience.Token))!);
            return events;
        }

        using var reader = new StreamReader(await reply.Content.ReadAsStreamAsync(patience.Token));
        await (meanwhile?.Invoke() ?? Task.CompletedTask);
        while (!until(events) && await reader.ReadLineAsync(patience.Token) is { } line)
        {
            events.Add(JsonNode.Parse(line)!);
        }

        return events;
    }

    /// <summary>Reads a watch as it comes, until its stream ends.</summary>
    public async IAsyncEnumerable<JsonNode> FollowAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var reply = await client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellation);
        using var reader = new StreamReader(await reply.Content.ReadAsStreamAsync(cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            yield return JsonNode.Parse(line)!;
        }
    }

    /// <summary>Reads until the condition holds.</summary>
    public async Task<JsonNode> UntilAsync(string path, Func<JsonNode, bool> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var reply = await GetAsync(path);
            if (condition(reply.Body))
            {
                return reply.Body;
            }

            if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(90))
            {
                throw new TimeoutException($"It did not come about: {reply.Body}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }

    private async Task<RawReply> SendAsync(HttpMethod method, string path, string? body, string type)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        }

        using var reply = await client.SendAsync(request);
        var text = await reply.Content.ReadAsStringAsync();
        return new RawReply((int)reply.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text)! : JsonValue.Create(text));
    }
}
