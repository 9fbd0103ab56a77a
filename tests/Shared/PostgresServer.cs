using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Ops.Testing;

/// <summary>A real PostgreSQL for tests: the server that <c>OPS_TEST_POSTGRES</c> names, else a temporary cluster made from the binaries of this machine and gone with the process.</summary>
internal static class PostgresServer
{
    private const string Missing =
        "These tests need PostgreSQL. Install it (Debian: apt-get install postgresql; nothing has to be configured or started), "
        + "or set OPS_TEST_POSTGRES to the connection string of a role that may create databases.";

    private static readonly Lazy<Task<string>> Server = new(() => Task.Run(StartAsync));

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its connection string.</returns>
    public static async Task<string> CreateDatabaseAsync()
    {
        var server = await Server.Value;
        var name = "ops_test_" + Guid.NewGuid().ToString("N");
        await ExecuteAsync(server, $"CREATE DATABASE {name}");
        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
    }

    /// <summary>Names a database that does not exist yet.</summary>
    public static async Task<string> NameDatabaseAsync() =>
        new NpgsqlConnectionStringBuilder(await Server.Value) { Database = "ops_test_" + Guid.NewGuid().ToString("N") }.ConnectionString;

    /// <summary>Drops a database and whoever is still connected to it.</summary>
    public static async Task DropDatabaseAsync(string connectionString)
    {
        NpgsqlConnection.ClearPool(new NpgsqlConnection(connectionString));
        var name = new NpgsqlConnectionStringBuilder(connectionString).Database;
        await ExecuteAsync(await Server.Value, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("OPS_TEST_POSTGRES") is { Length: > 0 } given)
        {
            return given;
        }

        var binaries = FindBinaries() ?? throw new InvalidOperationException(Missing);
        var folder = Directory.CreateTempSubdirectory("ops-pg-").FullName;
        try
        {
            return await StartAsync(binaries, folder);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    private static async Task<string> StartAsync(string binaries, string folder)
    {
        List<string> unprivileged = [];
        if (Environment.IsPrivilegedProcess)
        {
            // PostgreSQL refuses to run as root.
            var users = (await File.ReadAllLinesAsync("/etc/passwd")).Select(l => l.Split(':')).ToList();
            var user = users.Find(u => u[0] == "postgres") ?? users.Find(u => u[0] == "nobody") ?? throw new InvalidOperationException(Missing);
            await RunAsync("chown", user[0], folder);
            unprivileged = ["setpriv", "--reuid", user[2], "--regid", user[3], "--clear-groups", "--"];
        }

        var data = Path.Combine(folder, "data");
        string[] initialise = [.. unprivileged, Path.Combine(binaries, "initdb"), "-D", data, "-U", "ops", "-A", "trust", "--no-sync", "-E", "UTF8"];
        try
        {
            // A language that does not sort by bytes shows queries that rely on it.
            await RunAsync([.. initialise, "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]);
        }
        catch (InvalidOperationException)
        {
            // Older servers know no such option; they sort in the language of this machine.
            await RunAsync(initialise);
        }

        var log = Path.Combine(folder, "log");
        Keep(folder, log, [.. unprivileged, Path.Combine(binaries, "postgres"), "-D", data, "-k", folder, "-h", "", "-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200"]);
        var server = new NpgsqlConnectionStringBuilder { Host = folder, Username = "ops", Database = "postgres", MaxPoolSize = 20, IncludeErrorDetail = true }.ConnectionString;
        await WaitUntilReadyAsync(server, log);
        return server;
    }

    private static string? FindBinaries()
    {
        var debian = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [];
        return debian
            .OrderByDescending(d => double.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var version) ? version : 0)
            .Select(d => Path.Combine(d, "bin"))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "postgres")));
    }

    /// <summary>Runs the server under a shell that waits for the end of its input: it comes when this process ends, also by SIGKILL, and then the shell stops the server and removes the folder.</summary>
    private static void Keep(string folder, string log, string[] command)
    {
        const string Script = """
            folder=$1; log=$2; shift 2
            "$@" </dev/null >"$log" 2>&1 &
            cat >/dev/null
            kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null
            wait
            rm -rf "$folder"
            """;
        var start = new ProcessStartInfo("/bin/sh", ["-c", Script, "sh", folder, log, .. command]) { RedirectStandardInput = true, WorkingDirectory = "/" };
        var process = Process.Start(start) ?? throw new InvalidOperationException("The shell did not start.");
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            process.StandardInput.Close();
            process.WaitForExit(TimeSpan.FromSeconds(5));
        };
    }

    private static async Task WaitUntilReadyAsync(string server, string log)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await ExecuteAsync(server, "SELECT 1");
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException && attempt < 150)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200));
            }
            catch (NpgsqlException exception)
            {
                throw new InvalidOperationException($"PostgreSQL did not start within 30 seconds: {await File.ReadAllTextAsync(log)}", exception);
            }
        }
    }

    private static async Task RunAsync(params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} did not start.");
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)}: {await output}{await errors}");
        }
    }
}
