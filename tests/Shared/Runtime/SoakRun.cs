using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ops.Testing.Runtime;

/// <summary>A model to soak with.</summary>
/// <param name="Name">Its name on the server.</param>
/// <param name="Images">Some images, 8 x 8 each.</param>
/// <param name="Answers">What it answers to them, 10 values each.</param>
internal sealed record SoakModel(string Name, float[] Images, float[] Answers);

/// <summary>
/// Uses a server for a while as a mixed crowd does: every protocol it offers, batches of many sizes, clients that go away,
/// requests that are wrong, a model that comes and goes. Every answer is checked. Ends by itself.
/// </summary>
/// <param name="endpoints">Where the server listens; loopback only.</param>
/// <param name="models">Models of digits that stay.</param>
/// <param name="cycled">Model that is unloaded and loaded again; null when the server offers no repository.</param>
/// <param name="duration">How long.</param>
internal sealed class SoakRun(Endpoints endpoints, SoakModel[] models, SoakModel? cycled, TimeSpan duration)
{
    private const int ClientsPerProtocol = 2;
    private const int Pixels = 64;
    private const int Classes = 10;
    private static readonly int[] Batches = [1, 2, 3, 5, 8, 16];
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(0.5);
    private readonly SoakReport report = new();
    private readonly Stopwatch clock = new();

    /// <summary>Runs it.</summary>
    public async Task<SoakReport> RunAsync()
    {
        clock.Start();
        var actors = new List<Task> { SampleAsync() };
        var seed = 0;
        foreach (var protocol in Protocol.All)
        {
            for (var i = 0; i < ClientsPerProtocol; i++)
            {
                var random = new Random(++seed);
                actors.Add(Task.Factory.StartNew(() => Use(protocol, random), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
            }
        }

        if (cycled is not null)
        {
            actors.Add(CycleAsync(cycled));
        }

        await Task.WhenAll(actors);
        return report;
    }

    private void Use(Protocol protocol, Random random)
    {
        using var client = protocol.Connect(endpoints);
        if (client is null)
        {
            return;
        }

        using var never = new ManualResetEventSlim();
        var good = models.SelectMany(m => Batches.Select(n => (Request: protocol.Request(Bodies(m, n)), Answer: m.Answers[..(n * Classes)]))).ToArray();
        var bad = Bad(protocol, Bodies(models[0], 2));
        while (clock.Elapsed < duration)
        {
            try
            {
                UseOnce(protocol, client, random, good, bad);
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                report.Error($"{protocol.Name}: {exception.Message}");
            }

            // A pause, so that a soak leaves the machine to others too.
            never.Wait(random.Next(1, 8));
        }
    }

    private void UseOnce(Protocol protocol, IWireClient client, Random random, (byte[] Request, float[] Answer)[] good, (byte[] Request, int Status)[] bad)
    {
        var (request, answer) = good[random.Next(good.Length)];
        switch (random.Next(20))
        {
            case 0:
                client.Abandon(request);
                report.Count($"{protocol.Name} abandoned");
                break;
            case 1:
                var (wrong, expected) = bad[random.Next(bad.Length)];
                var refusal = client.Exchange(wrong);
                report.Count($"{protocol.Name} refused {refusal}");
                if (refusal != expected)
                {
                    report.Error($"{protocol.Name}: a wrong request was answered {refusal} instead of {expected}.");
                }

                break;
            default:
                var status = client.Exchange(request);
                report.Count($"{protocol.Name} answered");
                if (status != 200 || !protocol.IsRight(client.Body, answer))
                {
                    report.Error($"{protocol.Name}: a good request was answered {status}: {Encoding.UTF8.GetString(client.Body[..Math.Min(300, client.Body.Length)])}");
                }

                break;
        }
    }

    private static InferBodies Bodies(SoakModel model, int images) =>
        new(model.Name, "input", "logits", [images, 1, 8, 8], model.Images[..(images * Pixels)]);

    private static (byte[] Request, int Status)[] Bad(Protocol protocol, InferBodies bodies)
    {
        (byte[], int)[] every =
        [
            (protocol.Request(bodies with { Model = "nobody" }), 404),
            (protocol.Request(bodies with { Input = "nothing" }), 400),
            (protocol.Request(bodies with { Shape = [2, 1, 8, 7] }), 400),
            (protocol.Request(bodies with { Data = bodies.Data[1..] }), 400),
        ];
        return protocol == Protocol.Grpc ? every : [.. every, (bodies.HttpBroken(), 400)];
    }

    private async Task CycleAsync(SoakModel model)
    {
        using var http = new HttpClient { BaseAddress = endpoints.Http };
        using var client = new WireHttpClient(endpoints.Http);
        var request = Bodies(model, 1).HttpJson();
        while (clock.Elapsed < duration)
        {
            await PostAsync(http, $"/v2/repository/models/{model.Name}/unload");
            var gone = client.Exchange(request);
            if (gone is not (400 or 404 or 503))
            {
                report.Error($"An unloaded model answered {gone}.");
            }

            await PostAsync(http, $"/v2/repository/models/{model.Name}/load");
            var back = client.Exchange(request);
            if (back != 200 || !Protocol.Json.IsRight(client.Body, model.Answers[..Classes]))
            {
                report.Error($"A model that was loaded again answered {back}.");
            }

            report.Count("cycles of unload and load");
            await Task.Delay(100);
        }
    }

    private async Task PostAsync(HttpClient http, string path)
    {
        using var answer = await http.PostAsync(path, null);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            report.Error($"{path} was answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    private async Task SampleAsync()
    {
        using var http = new HttpClient { BaseAddress = endpoints.Http };
        while (clock.Elapsed < duration)
        {
            report.Samples.Add(await MemorySample.ReadAsync(http, clock.Elapsed));
            await Task.Delay(SampleEvery);
        }
    }
}
