using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Channels;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>Answers the client's requests as a test says, where a real API would have to be brought into a rare state.</summary>
internal sealed class ScriptedApi(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
{
    /// <summary>When each request came by the clock of the test, with its path and query.</summary>
    public ConcurrentQueue<(DateTimeOffset At, string Target)> Requests { get; } = new();

    /// <summary>A client of it.</summary>
    public ClusterApi Client(TimeProvider? time = null, KubernetesOptions? options = null)
    {
        clock = time ?? TimeProvider.System;
        return new(new ClusterSender(new HttpClient(this) { BaseAddress = new("https://cluster.example") }, options ?? new() { RequestsPerSecond = 10_000, Burst = 10_000 }, clock));
    }

    /// <summary>How many requests came whose target has this in it.</summary>
    public int Count(string part) => Requests.Count(r => r.Target.Contains(part, StringComparison.Ordinal));

    /// <summary>An answer in JSON.</summary>
    public static HttpResponseMessage Json(string body, int code = 200) => new((HttpStatusCode)code) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    /// <summary>A refusal.</summary>
    public static HttpResponseMessage Status(int code, string reason, string message = "no", RetryConditionHeaderValue? retryAfter = null)
    {
        var reply = Json($$"""{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{code}}}""", code);
        reply.Headers.RetryAfter = retryAfter;
        return reply;
    }

    /// <summary>A list of config maps of one version.</summary>
    public static HttpResponseMessage List(string version, params (string Name, string Version)[] items) => Json(
        $$$"""{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"{{{version}}}"},"items":[{{{string.Join(',', items.Select(i => Map(i.Name, i.Version)))}}}]}""");

    /// <summary>A config map.</summary>
    public static string Map(string name, string version) => $$$"""{"metadata":{"name":"{{{name}}}","namespace":"ops","uid":"uid-{{{name}}}","resourceVersion":"{{{version}}}"}}""";

    /// <summary>An event of a watch.</summary>
    public static string Event(string type, string body) => $$"""{"type":"{{type}}","object":{{body}}}""" + "\n";

    /// <summary>A watch that ends after these lines.</summary>
    public static HttpResponseMessage Stream(params string[] lines) => Json(string.Concat(lines));

    /// <summary>A watch that tells what is written to it, and ends when the writer is completed.</summary>
    public static HttpResponseMessage Stream(Channel<string> lines) => new(HttpStatusCode.OK) { Content = new Endless(lines.Reader) { Headers = { ContentType = new("application/json") } } };

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Enqueue((clock.GetUtcNow(), request.RequestUri!.PathAndQuery));
        var reply = answer(request);
        reply.RequestMessage = request;
        return Task.FromResult(reply);
    }

    private TimeProvider clock = TimeProvider.System;

    private sealed class Endless(ChannelReader<string> lines) : HttpContent
    {
        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new Lines(lines));

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

        protected override bool TryComputeLength(out long length) => (length = 0) > 0;
    }

    private sealed class Lines(ChannelReader<string> lines) : MemoryStream
    {
        private byte[] left = [];

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (left.Length == 0)
            {
                if (!await lines.WaitToReadAsync(cancellationToken) || !lines.TryRead(out var line))
                {
                    return 0;
                }

                left = Encoding.UTF8.GetBytes(line);
            }

            var count = Math.Min(left.Length, buffer.Length);
            left.AsSpan(0, count).CopyTo(buffer.Span);
            left = left[count..];
            return count;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}
