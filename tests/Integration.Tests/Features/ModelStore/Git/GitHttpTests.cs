using System.Diagnostics;
using System.Security.Cryptography;
using Ops.Dashboard.Features.ModelStore;

namespace Ops.Integration.Tests.Features.ModelStore.Git;

public sealed class GitHttpTests : IAsyncLifetime
{
    private readonly GitPlace place = new();
    private GitHttpServer server = null!;

    public async ValueTask InitializeAsync() => server = await GitHttpServer.StartAsync(place.Served);

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        place.Dispose();
    }

    [Fact]
    public async Task Token_ThatIsWrong_IsSaidWithoutBeingShown()
    {
        var store = place.Store(address: server.Address, token: "wrong-token");
        var id = await GitPlace.PutAsync(store, [1]);

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CompleteAsync(id, default));

        Assert.Equal(StoreProblem.Credentials, failure.Problem);
        Assert.DoesNotContain("wrong-token", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_AfterUse_IsInNoFile()
    {
        var store = Store();
        await store.CompleteAsync(await GitPlace.PutAsync(store, [1]), default);

        Assert.All(Directory.GetFiles(place.DataOf("one"), "*", SearchOption.AllDirectories), file => Assert.DoesNotContain(GitHttpServer.Token, File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Complete_ServerDownThenUp_KeepsThePartsAndGoesOn()
    {
        var store = Store();
        var bytes = RandomNumberGenerator.GetBytes(200_000);
        server.IsDown = true;
        var id = await GitPlace.PutAsync(store, bytes);

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CompleteAsync(id, default));
        Assert.Equal(StoreProblem.Unreachable, failure.Problem);
        Assert.Equal(bytes, await GitPlace.ReadAsync(store, id));
        server.IsDown = false;
        await store.CompleteAsync(id, default);

        Assert.Equal(bytes, await GitPlace.ReadAsync(Store("two"), id));
    }

    [Fact]
    public async Task Complete_ServersDiskFullThenNot_SaysSoAndKeepsThePartsAndGoesOn()
    {
        var store = Store();
        var bytes = RandomNumberGenerator.GetBytes(5_000_000);
        var id = await GitPlace.PutAsync(store, bytes);
        server.IsFull = true;

        var failure = await Assert.ThrowsAsync<StoreFullException>(() => store.CompleteAsync(id, default));
        Assert.StartsWith("No room is left", failure.Message, StringComparison.Ordinal);
        Assert.Equal("", place.InBare("for-each-ref", "refs/ops"));
        Assert.Equal(bytes, await GitPlace.ReadAsync(store, id));
        server.IsFull = false;
        await store.CompleteAsync(id, default);

        Assert.Equal(bytes, await GitPlace.ReadAsync(Store("two"), id));
    }

    [Fact]
    public async Task Complete_ReplyLost_IsRecognizedAsDone()
    {
        var store = Store();
        var bytes = RandomNumberGenerator.GetBytes(200_000);
        var id = await GitPlace.PutAsync(store, bytes);
        server.LoseReply();

        await TryAsync(() => store.CompleteAsync(id, default));
        var pushed = place.InBare("for-each-ref", "refs/ops");
        await store.CompleteAsync(id, default);

        Assert.NotEmpty(pushed);
        Assert.Equal(pushed, place.InBare("for-each-ref", "refs/ops"));
        Assert.Equal(bytes, await GitPlace.ReadAsync(Store("two"), id));
    }

    [Fact]
    public async Task Record_ReplyLost_MakesOneCommit()
    {
        var store = Store();
        var id = await GitPlace.PutAsync(store, [1]);
        await store.CompleteAsync(id, default);
        VersionRecord version = new("digits", 1, new string('a', 64), "Olga", DateTimeOffset.UnixEpoch, [new("a.onnx", id, "", 1)]);
        server.LoseReply();

        await TryAsync(() => store.Versions.RecordAsync(version, default));
        var commit = await store.Versions.RecordAsync(version, default);

        Assert.Equal(commit, place.InBare("rev-list", "models/digits"));
    }

    [Fact]
    public async Task Complete_KilledInTheMiddleOfThePush_GoesOnAfterARestart()
    {
        var bytes = RandomNumberGenerator.GetBytes(12 * 1024 * 1024);
        var killed = Store();
        var id = await GitPlace.PutAsync(killed, bytes);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource();
        server.HoldAfter = 3 * 1024 * 1024;
        server.OnPush = _ =>
        {
            arrived.TrySetResult();
            return goOn.Task;
        };

        var push = killed.CompleteAsync(id, default);
        await arrived.Task.WaitAsync(TimeSpan.FromMinutes(2));
        KillGit();
        goOn.SetResult();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => push);
        Assert.Equal("", place.InBare("for-each-ref", "refs/ops"));
        server.OnPush = null;
        var restarted = Store();
        await restarted.CompleteAsync(id, default);

        Assert.Equal(bytes, await GitPlace.ReadAsync(restarted, id));
        Assert.Equal(bytes, await GitPlace.ReadAsync(Store("two"), id));
    }

    [Fact]
    public async Task Server_ThatSendsElsewhere_IsNotFollowed()
    {
        await using var other = await GitHttpServer.StartAsync(place.Served);
        server.RedirectTo = other.Address;
        var store = Store();
        var id = await GitPlace.PutAsync(store, [1]);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CompleteAsync(id, default));

        Assert.Equal(0, other.Requests);
        Assert.False(other.SawCredentials);
    }

    private Dashboard.Features.ModelStore.Git.GitStore Store(string dashboard = "one") => place.Store(dashboard, address: server.Address, token: GitHttpServer.Token);

    // Git's HTTP client sends a request again by itself when a connection it used before breaks; then nothing is seen of the loss.
    private static async Task TryAsync(Func<Task> push)
    {
        try
        {
            await push();
        }
        catch (StoreUnavailableException)
        {
        }
    }

    // Only what pushes to this very server: the processes whose command line names its local repository's folder as their working folder.
    private void KillGit()
    {
        var folder = Path.Combine(place.DataOf("one"), "repository.git");
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                if (process.ProcessName.StartsWith("git", StringComparison.Ordinal) && new DirectoryInfo($"/proc/{process.Id}/cwd").LinkTarget == folder)
                {
                    process.Kill();
                }
            }
        }
    }
}
