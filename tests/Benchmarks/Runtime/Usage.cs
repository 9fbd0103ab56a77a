using System.Globalization;

namespace Ops.Benchmarks.Runtime;

/// <summary>What processes have used since they started.</summary>
/// <param name="ServerCpu">CPU time of the server.</param>
/// <param name="Resident">Resident memory of the server in bytes.</param>
/// <param name="ClientCpu">CPU time of this process.</param>
/// <param name="MachineCpu">CPU time of all processes.</param>
/// <param name="Allocated">Managed bytes that the server allocated.</param>
/// <param name="Answered">Inference requests that the server answered with success.</param>
internal sealed record Usage(TimeSpan ServerCpu, long Resident, TimeSpan ClientCpu, TimeSpan MachineCpu, double Allocated = 0, double Answered = 0)
{
    private const double TicksPerSecond = 100;

    /// <summary>Of this process only.</summary>
    public static Usage OfThisProcess() => new(TimeSpan.Zero, 0, Environment.CpuUsage.TotalTime, ReadMachine());

    /// <summary>CPU time that all processes of the machine have used; zero where the system does not tell.</summary>
    public static TimeSpan ReadMachine()
    {
        const string file = "/proc/stat";
        if (!File.Exists(file))
        {
            return TimeSpan.Zero;
        }

        // "cpu user nice system idle iowait irq softirq ...": all but idle and iowait.
        var ticks = File.ReadLines(file).First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(7).Select(t => double.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        return TimeSpan.FromSeconds((ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / TicksPerSecond);
    }
}
