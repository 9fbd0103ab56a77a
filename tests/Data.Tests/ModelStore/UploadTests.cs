using Ops.Data.ModelStore;
using static Ops.Data.ModelStore.UploadState;

namespace Ops.Data.Tests.ModelStore;

public sealed class UploadTests
{
    private static readonly Guid Version = Guid.NewGuid();

    private static readonly Dictionary<string, (Func<Upload, Result> Call, UploadState To, UploadState[] From)> Moves = new()
    {
        ["begin verification"] = (u => u.BeginVerification(), Verifying, [Open, Verifying]),
        ["complete"] = (u => u.Complete(Version), Completed, [Verifying]),
        ["refuse"] = (u => u.Refuse("It is no model."), Refused, [Open, Verifying]),
        ["reopen"] = (u => u.Reopen(), Open, [Verifying]),
        ["cancel"] = (u => u.Cancel(), Cancelled, [Open, Verifying]),
        ["expire"] = (u => u.Expire(), Expired, [Open]),
        ["send through the dashboard"] = (u => u.SendThroughDashboard(DirectTrouble.NoAnswer), Open, [Open]),
    };

    public static TheoryData<UploadState, string> EveryStateAndMove()
    {
        var all = new TheoryData<UploadState, string>();
        foreach (var state in Enum.GetValues<UploadState>())
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
    public void Move_EveryStateAndMethod_OnlyTheLegalOnesChangeAnything(UploadState state, string move)
    {
        var (call, to, from) = Moves[move];
        var upload = In(state);
        var (revision, message, version) = (upload.Revision, upload.FailureMessage, upload.VersionId);

        var result = call(upload);

        Assert.Equal(from.Contains(state), result.Succeeded);
        if (result.Succeeded)
        {
            Assert.Equal((to, revision + 1, to == Open), (upload.State, upload.Revision, upload.IsOpen));
            Assert.Equal(to == Completed ? Version : null, upload.VersionId);
            Assert.Equal(to == Refused ? "It is no model." : null, upload.FailureMessage);
        }
        else
        {
            Assert.Equal(FailureKind.Conflict, result.Failure.Kind);
            Assert.Equal((state, revision, message, version), (upload.State, upload.Revision, upload.FailureMessage, upload.VersionId));
        }
    }

    [Theory]
    [InlineData(Open, true)]
    [InlineData(Verifying, true)]
    [InlineData(Completed, false)]
    [InlineData(Cancelled, false)]
    [InlineData(Expired, false)]
    [InlineData(Refused, false)]
    public void Extend_OnlyWhileItGoesOn(UploadState state, bool extends)
    {
        var upload = In(state);
        var later = Examples.Noon.AddDays(10);

        upload.Extend(later, TimeSpan.FromHours(1));

        Assert.Equal(extends ? later.AddHours(1) : Examples.Noon.AddDays(1), upload.ExpiresAt);
    }

    [Theory]
    [InlineData(0, 10, new[] { 0 })]
    [InlineData(1, 10, new[] { 1 })]
    [InlineData(10, 10, new[] { 10 })]
    [InlineData(11, 10, new[] { 10, 1 })]
    [InlineData(25, 10, new[] { 10, 10, 5 })]
    public void SizeOfPart_AllParts_AddUpToTheFile(long size, int part, int[] expected)
    {
        var file = Examples.UploadFile(size: size, part: part);

        Assert.Equal(expected, Enumerable.Range(1, file.PartCount).Select(file.SizeOfPart));
    }

    [Fact]
    public void SizeOfPart_BeyondTwoGigabytes_DoesNotOverflow()
    {
        const int Part = 64 << 20;
        var file = Examples.UploadFile(size: (40L << 30) + 1, part: Part);

        Assert.Equal((641, Part, 1), (file.PartCount, file.SizeOfPart(640), file.SizeOfPart(641)));
    }

    private static Upload In(UploadState state)
    {
        var upload = Examples.Upload();
        Result[] path = state switch
        {
            Verifying => [upload.BeginVerification()],
            Completed => [upload.BeginVerification(), upload.Complete(Version)],
            Cancelled => [upload.Cancel()],
            Expired => [upload.Expire()],
            Refused => [upload.Refuse("It is no model.")],
            _ => [],
        };
        Assert.All(path, step => Assert.True(step.Succeeded));
        Assert.Equal(state, upload.State);
        return upload;
    }
}
