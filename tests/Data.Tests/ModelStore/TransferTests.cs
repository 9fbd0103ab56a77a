using Ops.Data.ModelStore;
using static Ops.Data.ModelStore.TransferState;

namespace Ops.Data.Tests.ModelStore;

public sealed class TransferTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, (Func<Transfer, Result> Call, TransferState To, TransferState[] From)> Moves = new()
    {
        ["start"] = (t => t.Start(), Running, [Queued]),
        ["postpone"] = (t => t.Postpone(Now, "It broke."), Queued, [Running]),
        ["fail"] = (t => t.Fail("It is gone.", Now), Failed, [Queued, Running]),
        ["retry"] = (t => t.Retry(Now), Queued, [Queued, Failed]),
        ["cancel"] = (t => t.Cancel(Now), Cancelled, [Queued, Running]),
        ["complete"] = (t => t.Complete(Guid.NewGuid(), 3, Now), Completed, [Running]),
    };

    public static TheoryData<TransferState, string> EveryStateAndMove()
    {
        var all = new TheoryData<TransferState, string>();
        foreach (var state in Enum.GetValues<TransferState>())
        {
            foreach (var move in Moves.Keys)
            {
                all.Add(state, move);
            }
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(EveryStateAndMove))]
    public void Move_EveryStateAndMethod_OnlyTheLegalOnesChangeAnything(TransferState state, string move)
    {
        var (call, to, from) = Moves[move];
        var transfer = In(state);
        var revision = transfer.Revision;
        var moved = call(transfer);
        Assert.Equal(from.Contains(state), moved.Succeeded);
        Assert.Equal(moved.Succeeded ? to : state, transfer.State);
        Assert.Equal(moved.Succeeded ? revision + 1 : revision, transfer.Revision);
    }

    [Theory]
    [InlineData(Completed, false)]
    [InlineData(Cancelled, false)]
    [InlineData(Failed, true)]
    public void End_Address_IsKeptOnlyWhereItMayBeTriedAgain(TransferState end, bool isKept) => Assert.Equal(isKept, In(end).ProtectedAddress is not null);

    [Fact]
    public void Attach_NotRunning_IsRefused() => Assert.False(In(Cancelled).Attach(Guid.NewGuid(), "[]", null, 1, 1).Succeeded);

    [Fact]
    public void Retry_AfterFailure_CountsTriesAnew()
    {
        var transfer = In(Failed);
        Assert.True(transfer.Retry(Now).Succeeded);
        Assert.Equal((0, null, null), (transfer.Attempt, transfer.FailureMessage, transfer.EndedAt));
    }

    [Fact]
    public void Detach_AfterAttach_ForgetsWhatWasFound()
    {
        var transfer = In(Running);
        Assert.True(transfer.Attach(Guid.NewGuid(), "[]", "abc", 2, 10).Succeeded);
        transfer.Detach();
        Assert.Equal((null, null, null, 0, null), (transfer.UploadId, transfer.ListingJson, transfer.SourceRevision, transfer.FileCount, transfer.TotalBytes));
    }

    private static Transfer In(TransferState state)
    {
        var transfer = Transfer.Begin(new NewTransfer
        {
            ModelName = "digits",
            Source = "https://host/model.onnx",
            ProtectedAddress = "protected",
            Store = "filesystem",
            PersonId = Guid.NewGuid(),
            PersonName = "olga",
            Now = Now,
        });
        if (state is Running or Completed or Failed)
        {
            Assert.True(transfer.Start().Succeeded);
        }

        _ = state switch
        {
            Completed => transfer.Complete(Guid.NewGuid(), 1, Now),
            Failed => transfer.Fail("It is gone.", Now),
            Cancelled => transfer.Cancel(Now),
            _ => Result.Done,
        };
        Assert.Equal(state, transfer.State);
        return transfer;
    }
}
