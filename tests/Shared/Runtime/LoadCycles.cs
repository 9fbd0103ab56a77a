using System.Diagnostics;
using System.Globalization;

namespace Ops.Testing.Runtime;

/// <summary>Unloads and loads one model over and over, and looks at the server's memory meanwhile.</summary>
internal static class LoadCycles
{
    private const int Samples = 20;
    private static readonly string[] Changes = ["unload", "load"];

    /// <summary>Runs the cycles. In each the model is asked once.</summary>
    /// <param name="server">Its HTTP address; loopback only.</param>
    /// <param name="bodies">A request to the model.</param>
    /// <param name="cycles">How many; at least 20.</param>
    /// <returns>Memory after each twentieth of the cycles.</returns>
    /// <exception cref="InvalidOperationException">Something was not answered as it should be.</exception>
    public static async Task<List<MemorySample>> RunAsync(Uri server, InferBodies bodies, int cycles)
    {
        using var http = new HttpClient { BaseAddress = server };
        using var client = new WireHttpClient(server);
        var request = bodies.HttpJson();
        var samples = new List<MemorySample>();
        var start = Stopwatch.StartNew();
        for (var cycle = 1; cycle <= cycles; cycle++)
        {
            foreach (var change in Changes)
            {
                using var answer = await http.PostAsync($"/v2/repository/models/{bodies.Model}/{change}", null);
                if (!answer.IsSuccessStatusCode)
                {
                    throw new InvalidOperationException($"Cycle {cycle}: {change} was answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
                }
            }

            if (client.Exchange(request) is not 200 and var status)
            {
                throw new InvalidOperationException($"Cycle {cycle}: the loaded model answered {status}.");
            }

            if (cycle % (cycles / Samples) == 0)
            {
                samples.Add(await MemorySample.ReadAsync(http, start.Elapsed));
            }
        }

        return samples;
    }

    /// <summary>Growth from the first quarter's end to the last sample, in bytes.</summary>
    public static long Growth(List<MemorySample> samples) => samples[^1].Resident - samples[samples.Count / 4].Resident;

    /// <summary>A few lines for people.</summary>
    public static string Describe(List<MemorySample> samples) => string.Join(
        '\n', samples.Select(s => s.ToString()).Append(string.Create(CultureInfo.InvariantCulture, $"resident memory grew by {Growth(samples) / 1048576.0:F1} MiB after the first quarter")));
}
