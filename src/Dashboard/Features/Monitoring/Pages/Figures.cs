using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Features.Monitoring.Pages;

/// <summary>Figures as the watching screens write them: what is not known is a dash, never a zero.</summary>
internal static class Figures
{
    /// <summary>What stands where nothing is known.</summary>
    public const string Unknown = "–";

    /// <summary>Something per second.</summary>
    public static string Rate(double value) => double.IsNaN(value) ? Unknown : Format.PerSecond(value);

    /// <summary>A share, 0 to 1.</summary>
    public static string Share(double value) => double.IsNaN(value) ? Unknown : Format.Percent(value);

    /// <summary>A length of time in seconds.</summary>
    public static string Seconds(double value) => double.IsNaN(value) ? Unknown : Format.Duration(TimeSpan.FromSeconds(value));

    /// <summary>A number.</summary>
    public static string Number(double value) => double.IsNaN(value) ? Unknown : Format.Count(value);

    /// <summary>The state that a health is shown as.</summary>
    public static State Look(this Health health) => health switch
    {
        Health.Burning => State.Critical,
        Health.Degraded => State.Warning,
        Health.Healthy => State.Ok,
        _ => State.Neutral,
    };
}
