using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore.Imports;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.ModelStore;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>Imports from where nothing may be fetched, by people who may not, and of what may not become a version.</summary>
public sealed class ImportRefusalTests
{
    private const int Part = 8 * 1024 * 1024;

    [Theory]
    [InlineData("/redirect-to-metadata", "http://169.254.169.254/latest/meta-data/")]
    [InlineData("/redirect-to-another-port", "http://127.0.0.1:1/")]
    [InlineData("/redirect-to-file", "file:///etc/passwd")]
    [InlineData("/redirect-with-password", "http://user:secret@127.0.0.1/")]
    public async Task Import_RedirectToAnInnerAddress_IsRefused(string path, string target)
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        origin.Intercept = http =>
        {
            http.Response.Redirect(target);
            return Task.FromResult(true);
        };
        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf(path)));
        Assert.Equal((TransferState.Failed, 1), (ended.State, ended.Attempt));
        await host.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Import_RedirectsWithoutEnd_IsRefused()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        origin.Intercept = http =>
        {
            http.Response.Redirect("/again");
            return Task.FromResult(true);
        };
        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/x.onnx")));
        Assert.Equal(TransferState.Failed, ended.State);
        Assert.Equal(6, origin.Requests.Count);
    }

    [Theory]
    [InlineData("http://169.254.169.254/")]
    [InlineData("http://2130706433/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("s3://b/a/../../t2")]
    [InlineData("..%2f..%2fx")]
    public async Task Begin_BadAddress_IsRefusedWithoutATransfer(string address)
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var begun = await host.TryBeginAsync(address);
        Assert.Equal("address", begun.Failure?.Field);
        await using var db = host.Host.Db();
        Assert.False(await db.Transfers.AnyAsync());
    }

    [Fact]
    public async Task Begin_PublicSchemeToAnInnerHost_FailsWithoutAConnection()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin, configure: options => options.AllowedHosts = []);
        var ended = await host.WaitForEndAsync(await host.BeginAsync($"https://{origin.Host}/m.onnx"));
        Assert.Equal(TransferState.Failed, ended.State);
        Assert.Contains("not on the public internet", ended.FailureMessage, StringComparison.Ordinal);
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task Begin_WithoutTheRight_IsRefusedAndInTheAudit()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var viewer = await host.Host.PersonAsync("vera", Roles.Viewer);
        var caller = host.Caller with { PersonId = viewer.Id, SecurityStamp = viewer.SecurityStamp! };
        var begun = await host.Host.Get<TransferCommands>()
            .BeginAsync(caller, new() { Address = origin.UrlOf("/m.onnx"), Model = "digits" }, CancellationToken.None);
        Assert.Equal(FailureKind.Forbidden, begun.Failure?.Kind);
        await using var db = host.Host.Db();
        Assert.Equal("import.begin", (await db.AuditEntries.SingleAsync()).Action);
        Assert.False(await db.Transfers.AnyAsync());
    }

    [Fact]
    public async Task Cancel_OfSomebodyElse_FindsNothing()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin, configure: options => options.LookEvery = TimeSpan.FromHours(1));
        var id = await host.BeginAsync(origin.UrlOf("/m.onnx"));
        var other = await host.Host.PersonAsync("otto");
        var caller = host.Caller with { PersonId = other.Id, SecurityStamp = other.SecurityStamp! };
        Assert.Equal(FailureKind.NotFound, (await host.Host.Get<TransferCommands>().CancelAsync(caller, id, CancellationToken.None)).Failure?.Kind);
    }

    [Fact]
    public async Task Import_PersonLosesTheRightMeanwhile_Fails()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var file = origin.Put("/m.gguf", ImportHost.Gguf((2 * Part) + 1000));
        (file.BreakAt, file.Breaks, file.BeforeBreak) = (Part + 1000, -1, () => host.WaitForPartsAsync(1));
        var id = await host.BeginAsync(origin.UrlOf("/m.gguf"));
        await host.WaitForPartsAsync(1);
        await using (var db = host.Host.Db())
        {
            await db.Users.Where(p => p.Id == host.Person.Id).ExecuteUpdateAsync(set => set.SetProperty(p => p.Roles, Roles.Viewer));
        }

        var ended = await host.WaitForEndAsync(id);
        Assert.Equal(TransferState.Failed, ended.State);
        Assert.Contains("may not upload", ended.FailureMessage, StringComparison.Ordinal);
        await host.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Import_FormatThatRunsCode_IsRefusedAndLeavesNothing()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        origin.Put("/m.onnx", [0x80, 0x04, 0x95, .. new byte[64]]);
        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/m.onnx")));
        Assert.Equal(TransferState.Failed, ended.State);
        await host.AssertNothingIsLeftAsync();
    }
}
