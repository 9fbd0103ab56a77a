namespace Ops.EndToEnd.Tests.Support;

/// <summary>One dashboard for all tests of a class, for those that neither stop it nor count what is in it: a start costs more than most tests.</summary>
public sealed class SharedDashboard : IAsyncLifetime
{
    private DashboardProcess? dashboard;

    /// <summary>The running dashboard.</summary>
    public DashboardProcess Dashboard => dashboard ?? throw new InvalidOperationException("The dashboard is not started.");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => dashboard = await DashboardProcess.StartAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (dashboard is not null)
        {
            await dashboard.DisposeAsync();
        }
    }
}
