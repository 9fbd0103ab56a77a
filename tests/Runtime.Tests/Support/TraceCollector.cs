using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ops.Runtime.Tests.Support;

/// <summary>A span as it came over the wire.</summary>
internal sealed record ReceivedSpan(string TraceId, string SpanId, string ParentId, string Name, IReadOnlyDictionary<string, string> Attributes);

/// <summary>Receives OTLP over HTTP with protobuf, as a collector does.</summary>
internal sealed class TraceCollector : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<ReceivedSpan> spans = [];

    private TraceCollector(WebApplication app) => this.app = app;

    public string Url => app.Urls.First();

    /// <summary>Everything received so far; other tests' servers may be among it.</summary>
    public IReadOnlyCollection<ReceivedSpan> Spans => spans;

    /// <summary>The attributes of the resource that came last.</summary>
    public IReadOnlyDictionary<string, string> Resource { get; private set; } = new Dictionary<string, string>();

    public static async Task<TraceCollector> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var collector = new TraceCollector(app);
        app.MapPost("/v1/traces", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            collector.Receive(body.ToArray());
            context.Response.ContentType = "application/x-protobuf";
        });
        await app.StartAsync();
        return collector;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    // ExportTraceServiceRequest: resource_spans 1 { resource 1 { attributes 1 }, scope_spans 2 { spans 2 } }.
    private void Receive(byte[] request)
    {
        foreach (var resourceSpans in Fields(request, 1))
        {
            Resource = Attributes(Fields(resourceSpans, 1).SelectMany(r => Fields(r, 1)));
            foreach (var span in Fields(resourceSpans, 2).SelectMany(s => Fields(s, 2)))
            {
                spans.Enqueue(new ReceivedSpan(Hex(span, 1), Hex(span, 2), Hex(span, 4), Text(span, 5), Attributes(Fields(span, 9))));
            }
        }
    }

    // KeyValue: key 1, value 2 { string_value 1, int_value 3 }.
    private static Dictionary<string, string> Attributes(IEnumerable<byte[]> pairs) => pairs.ToDictionary(
        p => Text(p, 1),
        p => Fields(p, 2).Select(v => Fields(v, 1).Select(Encoding.UTF8.GetString).FirstOrDefault() ?? Numbers(v, 3).FirstOrDefault().ToString(System.Globalization.CultureInfo.InvariantCulture)).First());

    private static string Text(byte[] message, int field) => Encoding.UTF8.GetString(Fields(message, field).FirstOrDefault() ?? []);

    private static string Hex(byte[] message, int field) => Convert.ToHexStringLower(Fields(message, field).FirstOrDefault() ?? []);

    private static IEnumerable<byte[]> Fields(byte[] message, int field) => Read(message).Where(f => f.Field == field && f.Content is not null).Select(f => f.Content!);

    private static IEnumerable<ulong> Numbers(byte[] message, int field) => Read(message).Where(f => f.Field == field && f.Content is null).Select(f => f.Number);

    private static List<(int Field, ulong Number, byte[]? Content)> Read(byte[] message)
    {
        var fields = new List<(int, ulong, byte[]?)>();
        var at = 0;
        while (at < message.Length)
        {
            var tag = Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    fields.Add(((int)(tag >> 3), Varint(message, ref at), null));
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    fields.Add(((int)(tag >> 3), 0, message[at..(at + length)]));
                    at += length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException("Not protobuf.");
            }
        }

        return fields;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var b = message[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
    }
}
