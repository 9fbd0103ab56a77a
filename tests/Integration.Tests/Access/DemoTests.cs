using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Ops.Data.Access;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Access;

public sealed class DemoTests
{
    private const string Password = "seven quiet rivers";

    [Fact]
    public async Task Demo_TwoStarts_MakeThreeAccountsOnce()
    {
        await using var app = await OpsApp.StartAsync(("Ops:Demo:Enabled", "true"), ("Ops:Demo:Password", Password));
        await app.RestartAsync();

        await using var db = app.OpenRegistry();
        var people = await db.Users.OrderBy(person => person.UserName).Select(person => new { person.Id, person.UserName, person.Roles }).ToListAsync();
        Assert.Equal(
            [("approver", Roles.Viewer | Roles.Approver), ("oncall", Roles.Viewer | Roles.OnCall), ("operator", Roles.Viewer | Roles.Operator)],
            people.Select(person => (person.UserName!, person.Roles)));
        Assert.Equal(3, (await app.AuditAsync("access.create-demo-accounts")).Count);
        Assert.Empty(await app.AuditAsync("access.issue-setup-link"));
        foreach (var person in people)
        {
            using var browser = await app.SignInAsync(new TestPerson(person.Id, person.UserName!, Password));
        }
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", "Other machines could reach http://0.0.0.0:0")]
    [InlineData("http://localhost:5299;http://*:0", "Other machines could reach http://*:0")]
    public async Task Demo_ReachableAddress_RefusesToStartInPlainWords(string urls, string message)
    {
        var (code, error) = await StartAsync("--demo", "--urls", urls);
        Assert.Equal(1, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_WeakPassword_RefusesToStart()
    {
        var (code, error) = await StartAsync("--demo", "--urls", "http://127.0.0.1:0", "--Ops:Demo:Password", "short");
        Assert.Equal(1, code);
        Assert.StartsWith("Ops:Demo:Password: A password has at least 12 characters.", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Error)> StartAsync(params string[] arguments)
    {
        var data = Directory.CreateTempSubdirectory("ops-demo-");
        try
        {
            var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments, "--Ops:DataPath", data.FullName])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            };
            using var process = Process.Start(start)!;
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            try
            {
                var error = process.StandardError.ReadToEndAsync(patience.Token);
                var output = process.StandardOutput.ReadToEndAsync(patience.Token);
                await process.WaitForExitAsync(patience.Token);
                await output;
                return (process.ExitCode, await error);
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                }
            }
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }
}
