using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Components.Controls;
using Ops.Testing;

namespace Ops.Dashboard.ComponentTests.Components;

/// <summary>A bUnit context with the services of the controls, a clock that a test moves, and a browser that answers nothing.</summary>
internal sealed class ControlsContext : BunitContext
{
    public ControlsContext()
    {
        // Long enough for a machine that builds something else meanwhile; a passing test waits no longer than it has to.
        DefaultWaitTimeout = TimeSpan.FromSeconds(10);
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddSingleton<TimeProvider>(Time);
        Services.AddSingleton<Ticker>();
        Services.AddScoped<ConfirmService>();
        Services.AddScoped<ToastService>();
    }

    public ManualTime Time { get; } = new(new DateTimeOffset(2026, 11, 22, 8, 0, 0, TimeSpan.Zero));
}
