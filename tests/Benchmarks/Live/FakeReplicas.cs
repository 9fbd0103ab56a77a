using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ops.Benchmarks.Live;

/// <summary>Many pretended runtimes in one process, each on a port of its own, that answer <c>/metrics</c> as the real one does.</summary>
internal sealed class FakeReplicas : IAsyncDisposable
{
    private static readonly double[] Bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private readonly WebApplication app;
    private readonly Dictionary<int, Profile> profiles = [];

    private FakeReplicas(WebApplication app) => this.app = app;

    /// <summary>Where each answers.</summary>
    public IReadOnlyList<Uri> Addresses { get; private set; } = [];

    /// <summary>Starts that many.</summary>
    public static async Task<FakeReplicas> StartAsync(int count)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            for (var i = 0; i < count; i++)
            {
                kestrel.Listen(IPAddress.Loopback, 0);
            }
        });
        var app = builder.Build();
        var replicas = new FakeReplicas(app);
        app.MapGet("/metrics", replicas.Answer);
        await app.StartAsync();
        replicas.Addresses = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a))];
        foreach (var (address, index) in replicas.Addresses.Select((a, i) => (a, i)))
        {
            replicas.profiles[address.Port] = new(index);
        }

        return replicas;
    }

    /// <summary>Makes one stop answering.</summary>
    public void Silence(Uri address) => profiles[address.Port].IsSilent = true;

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private IResult Answer(HttpContext context)
    {
        var profile = profiles[context.Connection.LocalPort];
        return profile.IsSilent ? Results.StatusCode(StatusCodes.Status503ServiceUnavailable) : Results.Text(profile.Write());
    }

    private sealed class Profile(int index)
    {
        private readonly long[] counts = new long[Bounds.Length + 1];
        private double requests;
        private double cpu;
        private long last = TimeProvider.System.GetTimestamp();

        public bool IsSilent { get; set; }

        public string Write()
        {
            var now = TimeProvider.System.GetTimestamp();
            var seconds = TimeProvider.System.GetElapsedTime(last, now).TotalSeconds;
            last = now;
            var wave = 1 + (0.4 * Math.Sin((now / (double)TimeProvider.System.TimestampFrequency / 20) + index));
            var added = seconds * (5 + (index % 13 * 4)) * wave;
            requests += added;
            cpu += seconds * 0.02 * added / Math.Max(seconds, 0.001);
            var middle = 3 + (index % 6);
            for (var i = 0; i < (int)added + 1; i++)
            {
                counts[Math.Min(Bounds.Length, middle + (i % 10 == 0 ? 2 : i % 3 == 0 ? 1 : 0))]++;
            }

            var text = new StringBuilder("ops_runtime_info{engine=\"onnxruntime\",version=\"1.0\"} 1\n");
            var line = CultureInfo.InvariantCulture;
            text.Append(line, $"ops_runtime_requests_total{{model=\"m\",version=\"1\",code=\"200\"}} {(long)requests}\n");
            text.Append(line, $"ops_runtime_request_failures_total{{model=\"m\",version=\"1\"}} {(index % 17 == 3 ? (long)(requests * 0.02) : 0)}\n");
            text.Append(line, $"ops_runtime_requests_in_flight{{model=\"m\",version=\"1\"}} {index % 3}\n");
            long sum = 0;
            for (var i = 0; i < counts.Length; i++)
            {
                sum += counts[i];
                text.Append(line, $"ops_runtime_request_duration_seconds_bucket{{model=\"m\",version=\"1\",le=\"{(i < Bounds.Length ? Bounds[i].ToString(line) : "+Inf")}\"}} {sum}\n");
            }

            text.Append(line, $"process_cpu_seconds_total {cpu}\nprocess_resident_memory_bytes {90_000_000 + (index * 1_000_000) + (long)(wave * 2_000_000)}\n");
            return text.ToString();
        }
    }
}
