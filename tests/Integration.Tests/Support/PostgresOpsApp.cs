using Ops.Testing;

namespace Ops.Integration.Tests.Support;

/// <summary>The real dashboard over a PostgreSQL database of its own.</summary>
public sealed class PostgresOpsApp : IAsyncLifetime
{
    private string connectionString = "";
    private OpsApp? app;

    /// <summary>The running dashboard.</summary>
    public OpsApp App => app ?? throw new InvalidOperationException("The application is not started.");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        connectionString = await PostgresServer.CreateDatabaseAsync();
        app = await OpsApp.StartAsync(("Ops:Database", "postgres"), ("Ops:ConnectionString", connectionString));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await PostgresServer.DropDatabaseAsync(connectionString);
    }
}
