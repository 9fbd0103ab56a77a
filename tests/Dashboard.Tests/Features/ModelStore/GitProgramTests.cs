using System.Diagnostics;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Git;

namespace Ops.Dashboard.Tests.Features.ModelStore;

// A shell stands in for git, so that each limit can be reached at will.
public sealed class GitProgramTests : IDisposable
{
    private const long MiB = 1024 * 1024;
    private readonly string folder = Directory.CreateTempSubdirectory("ops-gitprogram-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Run_NoSuchProgram_SaysToInstallIt()
    {
        var exception = await Assert.ThrowsAsync<GitRunException>(() => Program("no-such-git").RunAsync(Call("true"), default));

        Assert.Equal(GitFault.Missing, exception.Fault);
        Assert.Contains("Install git", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_ProgramThatIsNoGit_SaysWhichOneIsNeeded()
    {
        var exception = await Assert.ThrowsAsync<GitRunException>(() => Program("echo").VersionAsync(default));

        Assert.Equal((GitFault.Missing, true), (exception.Fault, exception.Message.Contains("git 2.37 or newer", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_FolderGrowsBeyondItsBound_IsEndedAtOnce()
    {
        var watch = Stopwatch.StartNew();
        var exception = await Assert.ThrowsAsync<GitRunException>(() => Program().RunAsync(Call("head -c 3000000 /dev/zero > big; sleep 60") with { LargestFolderBytes = MiB }, default));

        Assert.Equal(GitFault.TooLarge, exception.Fault);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"It took {watch.Elapsed}.");
    }

    [Fact]
    public async Task Run_FolderGrowsBeyondItsBoundFasterThanAnybodyLooks_IsRefusedAllTheSame()
    {
        var exception = await Assert.ThrowsAsync<GitRunException>(() => Program().RunAsync(Call("head -c 3000000 /dev/zero > big") with { LargestFolderBytes = MiB }, default));

        Assert.Equal(GitFault.TooLarge, exception.Fault);
    }

    [Fact]
    public async Task Run_TakesTooLong_IsEndedWithWhatItStarted()
    {
        var exception = await Assert.ThrowsAsync<GitRunException>(() => Program().RunAsync(Call("sleep 600 & echo $! > child; wait", TimeSpan.FromSeconds(1)), default));

        Assert.Equal(GitFault.TooSlow, exception.Fault);
        await AssertEndedAsync(int.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "child"))));
    }

    [Fact]
    public async Task Run_SaysMoreThanIsReasonable_IsEnded()
    {
        var exception = await Assert.ThrowsAsync<GitRunException>(() => Program().RunAsync(Call("cat /dev/zero"), default));

        Assert.Equal(GitFault.TooTalkative, exception.Fault);
    }

    [Fact]
    public async Task Run_LongStandardError_KeepsItsEnd()
    {
        var outcome = await Program().RunAsync(Call("head -c 200000 /dev/zero | tr '\\0' x >&2; echo 'fatal: the end' >&2; exit 3"), default);

        Assert.Equal(3, outcome.ExitCode);
        Assert.EndsWith("fatal: the end\n", outcome.Error, StringComparison.Ordinal);
        Assert.True(outcome.Error.Length < 40_000, $"{outcome.Error.Length} characters were kept.");
    }

    [Fact]
    public async Task Run_Environment_HasNothingOfTheDashboardsButWhatGitNeeds()
    {
        Environment.SetEnvironmentVariable("OPS_GITPROGRAM_SECRET", "hush");
        try
        {
            var said = (await Program().RunAsync(Call("env"), default)).Output;

            Assert.DoesNotContain("hush", said, StringComparison.Ordinal);
            Assert.Contains("GIT_ALLOW_PROTOCOL=none\n", said, StringComparison.Ordinal);
            Assert.Contains($"HOME={folder}\n", said, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("OPS_GITPROGRAM_SECRET", null);
        }
    }

    [Fact]
    public async Task Open_DisposedInTheMiddle_EndsTheProgram()
    {
        int child;
        using (var reading = Program().Open(Call("echo $$; cat /dev/zero")))
        {
            var first = new byte[16];
            var read = await reading.Output.ReadAtLeastAsync(first, 2);
            child = int.Parse(System.Text.Encoding.ASCII.GetString(first, 0, read).Split('\n')[0]);
        }

        await AssertEndedAsync(child);
    }

    private static GitProgram Program(string name = "sh") => new(Options.Create(new GitOptions { Program = name }), TimeProvider.System);

    private static async Task AssertEndedAsync(int id)
    {
        // An ended child of another process stays listed until that one, or the system, has taken note.
        for (var tries = 0; File.Exists($"/proc/{id}/stat") && !(await File.ReadAllTextAsync($"/proc/{id}/stat")).Contains(") Z ", StringComparison.Ordinal); tries++)
        {
            Assert.True(tries < 100, "The process is still running.");
            await Task.Delay(100);
        }
    }

    private GitCall Call(string script, TimeSpan? timeout = null) =>
        new(folder, ["-c", script], GitConfinement.Variables(folder, folder, "none", []), timeout ?? TimeSpan.FromMinutes(2));
}
