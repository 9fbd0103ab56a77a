using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Ops.Runtime.Tests.Support;
using Ops.Testing.Runtime;

namespace Ops.Runtime.Tests.Lifecycle;

/// <summary>The end of a process under load, many times over: the moment of the signal is another one in each round.</summary>
public sealed class TerminateTests
{
    private const int Rounds = 20;
    private const int AtOnce = 4;
    private const int ClientsPerProtocol = 3;
    private const string Grace = "2";

    [Fact]
    public async Task Terminate_TwentyTimesUnderLoad_FailsNoRequest()
    {
        var failures = new ConcurrentBag<string>();
        var answeredAfter = new ConcurrentBag<int>();
        await Parallel.ForEachAsync(Enumerable.Range(0, Rounds), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (round, _) =>
            answeredAfter.Add(await RoundAsync(round, failures)));
        Assert.Empty(failures);
        Assert.Equal(Rounds, answeredAfter.Count);
        Assert.True(answeredAfter.Sum() > 0, "The load was not running any more when the signals came.");
    }

    /// <returns>How many requests were answered after the signal.</returns>
    private static async Task<int> RoundAsync(int round, ConcurrentBag<string> failures)
    {
        await using var process = RuntimeProcess.Start([TestModels.Digits()], environment: [("Ops__Runtime__DrainGraceSeconds", Grace), ("Ops__Runtime__GrpcUrls", "http://127.0.0.1:0")]);
        await process.WaitForStateAsync("ready");
        var load = new Load(process.Endpoints, text => failures.Add($"round {round}: {text}"));
        var clients = load.Start();
        await Eventually.TrueAsync(() => load.Answered > 100 + (round * 7), "the load to run");
        load.Terminated = true;
        process.Terminate();
        await load.LeaveWhenNotReadyAsync();
        await Task.WhenAll(clients);
        var (code, _, _) = await process.WaitForExitAsync(120);
        if (code != 0)
        {
            failures.Add($"round {round}: the process ended with {code}");
        }

        return load.AnsweredAfter;
    }

    /// <summary>Clients of every protocol that keep their connections, behind a router that looks at readiness.</summary>
    private sealed class Load(Endpoints endpoints, Action<string> fail)
    {
        private int answered;
        private int answeredAfter;
        private volatile bool inRotation = true;

        public volatile bool Terminated;

        public int Answered => Volatile.Read(ref answered);

        public int AnsweredAfter => Volatile.Read(ref answeredAfter);

        public List<Task> Start() =>
        [
            .. Enumerable.Range(0, ClientsPerProtocol).SelectMany(_ => Protocol.All).Select(p =>
                Task.Factory.StartNew(() => Use(p), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)),
        ];

        /// <summary>Like a router: once the replica says that it is not ready, nothing new is sent to it.</summary>
        public async Task LeaveWhenNotReadyAsync()
        {
            using var http = new HttpClient { BaseAddress = endpoints.Http };
            HttpStatusCode status;
            do
            {
                await Task.Delay(20);
                using var answer = await http.GetAsync("/v2/health/ready");
                status = answer.StatusCode;
            }
            while (status == HttpStatusCode.OK);
            inRotation = false;
        }

        private void Use(Protocol protocol)
        {
            using var client = protocol.Connect(endpoints)!;
            var (images, answers) = TestModels.Samples("digits_mlp");
            var request = protocol.Request(new InferBodies("digits", "input", "logits", [2, 1, 8, 8], images[..128]));
            try
            {
                while (inRotation)
                {
                    var status = client.Exchange(request);
                    if (status != 200 || !protocol.IsRight(client.Body, answers[..20]))
                    {
                        fail($"{protocol.Name} was answered {status}");
                        return;
                    }

                    Interlocked.Increment(ref answered);
                    if (Terminated)
                    {
                        Interlocked.Increment(ref answeredAfter);
                    }
                }
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                fail($"{protocol.Name}: {exception.Message}");
            }
        }
    }
}
