using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Features.Targets;

/// <summary>How a log is followed: line by line, over streams that end and targets that do not answer.</summary>
public sealed class LogFollowerTests
{
    private static readonly EndpointRef Endpoint = new(Guid.NewGuid(), "digits", Guid.NewGuid());
    private readonly ManualTime time = new();

    [Fact]
    public async Task Stream_LinesAsTheyAreWritten_AreShownWithoutAskingAgain()
    {
        var driver = new Streaming();
        await using var seen = Watch(driver);

        await driver.WriteAsync("one", "two");
        await UntilAsync(() => seen.Lines is ["one", "two"]);
        await driver.WriteAsync("three");
        await UntilAsync(() => seen.Lines is ["one", "two", "three"]);
        await driver.WriteAsync("four", "five");
        await UntilAsync(() => seen.Lines is ["two", "three", "four", "five"]);

        Assert.Equal(1, driver.Opened);
    }

    [Fact]
    public async Task Stream_OpenAndEmpty_IsShownAsEmpty()
    {
        await using var seen = Watch(new Streaming());

        await UntilAsync(() => seen.Lines is []);
    }

    [Fact]
    public async Task Stream_Ends_IsOpenedAgain_AndTheLinesThatComeAgainAreNotDoubled()
    {
        var driver = new Streaming();
        await using var seen = Watch(driver);
        await driver.WriteAsync("one", "two");
        await UntilAsync(() => seen.Lines is ["one", "two"]);

        driver.End();
        await UntilAsync(() => driver.Opened == 2);
        Assert.Equal(["one", "two"], seen.Lines!);
        await driver.WriteAsync("two", "three");

        await UntilAsync(() => seen.Lines is ["two", "three"]);
    }

    [Fact]
    public async Task Stream_ThatAlwaysEndsAtOnce_IsOpenedEveryTenSecondsAtLast()
    {
        var driver = new Streaming { EndsAtOnce = true };
        await using var seen = Watch(driver);
        var begun = time.GetUtcNow();

        await time.AdvanceUntilAsync(() => time.GetUtcNow() - begun > TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(250));

        Assert.InRange(driver.Opened, 5, 10);
    }

    [Fact]
    public async Task Stream_TargetDoesNotAnswer_SaysSoBesideWhatWasRead_AndGoesOnByItself()
    {
        var driver = new Streaming();
        await using var seen = Watch(driver);
        await driver.WriteAsync("one");
        await UntilAsync(() => seen.Lines is ["one"]);

        driver.Refuses = new InvalidOperationException("The account may not read logs.");
        driver.End();
        await UntilAsync(() => seen.Problem is not null);
        Assert.Equal("The account may not read logs. It is asked again by itself.", seen.Problem);
        Assert.Equal(["one"], seen.Lines!);

        driver.Refuses = null;
        await UntilAsync(() => seen.Problem is null);
    }

    [Fact]
    public async Task Cancelled_TheStreamIsClosed()
    {
        var driver = new Streaming();
        var seen = Watch(driver);
        await UntilAsync(() => driver.Open == 1);

        await seen.DisposeAsync();

        Assert.Equal(0, driver.Open);
    }

    [Fact]
    public async Task DriverWithoutStreams_IsReadEveryTwoSeconds()
    {
        var driver = new Reading { Lines = ["one"] };
        await using var seen = Watch(driver);
        await UntilAsync(() => seen.Lines is ["one"]);

        driver.Lines = ["one", "two"];
        await UntilAsync(() => seen.Lines is ["one", "two"]);
        driver.Read = 0;
        var begun = time.GetUtcNow();
        await time.AdvanceUntilAsync(() => time.GetUtcNow() - begun > TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(100));

        Assert.InRange(driver.Read, 4, 6);
    }

    private Seen Watch(ITargetDriver driver) => new(new LogFollower(driver, Endpoint, "a", 4, time));

    private Task UntilAsync(Func<bool> holds) => time.AdvanceUntilAsync(holds, TimeSpan.FromMilliseconds(50));

    private sealed class Seen : IAsyncDisposable
    {
        private readonly CancellationTokenSource over = new();
        private readonly Task following;
        private volatile LogPicture? last;

        public Seen(LogFollower follower) => following = FollowAsync(follower);

        public IReadOnlyList<string>? Lines => last?.Lines;

        public string? Problem => last?.Problem;

        public async ValueTask DisposeAsync()
        {
            await over.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
            over.Dispose();
        }

        private async Task FollowAsync(LogFollower follower)
        {
            await foreach (var picture in follower.FollowAsync(over.Token))
            {
                last = picture;
            }
        }
    }

    private class Reading : ITargetDriver
    {
        public IReadOnlyList<string> Lines { get; set; } = [];

        public int Read { get; set; }

        public string Kind => TargetKinds.Local;

        public Task<IReadOnlyList<string>> ReadLogAsync(EndpointRef endpoint, string replicaId, int lines, CancellationToken cancellation)
        {
            Read++;
            return Task.FromResult(Lines);
        }

        public Task<TargetInventory> GetInventoryAsync(Target target, CancellationToken cancellation) => throw new NotSupportedException();

        public Task ApplyAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<EndpointObservation> ObserveAsync(EndpointRef endpoint, CancellationToken cancellation) => throw new NotSupportedException();
    }

    private sealed class Streaming : Reading, ILogStream
    {
        private volatile Channel<string> lines = Channel.CreateUnbounded<string>();

        public volatile int Opened;

        public volatile int Open;

        public bool EndsAtOnce { get; init; }

        public Exception? Refuses { get; set; }

        public async Task WriteAsync(params string[] written)
        {
            foreach (var line in written)
            {
                await lines.Writer.WriteAsync(line);
            }
        }

        public void End()
        {
            var old = lines;
            lines = Channel.CreateUnbounded<string>();
            old.Writer.Complete();
        }

        public async IAsyncEnumerable<string> FollowLogAsync(EndpointRef endpoint, string replicaId, int most, Action opened, [EnumeratorCancellation] CancellationToken cancellation)
        {
            Opened++;
            if (Refuses is not null)
            {
                throw Refuses;
            }

            opened();
            Open++;
            try
            {
                await foreach (var line in EndsAtOnce ? AsyncEnumerable.Empty<string>() : lines.Reader.ReadAllAsync(cancellation))
                {
                    yield return line;
                }
            }
            finally
            {
                Open--;
            }
        }
    }
}
