using Ops.Runtime.Processing;

namespace Ops.Runtime.Tests.Processing;

public sealed class ClassScoresTests
{
    [Fact]
    public void Softmax_KnownScores_GivesTheKnownProbabilities()
    {
        float[] scores = [1, 2, 3];
        ClassScores.Softmax(scores);
        var sum = Math.Exp(1) + Math.Exp(2) + Math.Exp(3);
        Assert.Equal(Math.Exp(1) / sum, scores[0], 1e-7);
        Assert.Equal(Math.Exp(3) / sum, scores[2], 1e-7);
        Assert.Equal(1, scores.Sum(), 1e-6f);
    }

    [Theory]
    [InlineData(new[] { 1000f, 1000f }, new[] { 0.5f, 0.5f })]
    [InlineData(new[] { -1000f, -1000f }, new[] { 0.5f, 0.5f })]
    [InlineData(new[] { 3e38f, -3e38f }, new[] { 1f, 0f })]
    [InlineData(new[] { float.NegativeInfinity, 0f }, new[] { 0f, 1f })]
    [InlineData(new[] { float.NaN, 0f }, new[] { float.NaN, float.NaN })]
    [InlineData(new[] { float.PositiveInfinity, 0f }, new[] { float.NaN, float.NaN })]
    [InlineData(new float[0], new float[0])]
    public void Softmax_ExtremeScores_NeitherOverflowNorLie(float[] scores, float[] expected)
    {
        ClassScores.Softmax(scores);
        Assert.Equal(expected, scores);
    }

    [Theory]
    [InlineData(new[] { 1f, 5, 3, 4, 2 }, new long[] { 1, 3, 2 })]
    [InlineData(new[] { 7f, 7, 7 }, new long[] { 0, 1 })]
    [InlineData(new[] { float.NaN, 1, float.NaN, 2 }, new long[] { 3, 1, 0, 2 })]
    [InlineData(new[] { float.NegativeInfinity, float.NaN }, new long[] { 0, 1 })]
    [InlineData(new[] { 1f }, new long[0])]
    public void Best_AnyScores_FindsTheHighestInOrder(float[] scores, long[] expected)
    {
        var best = new long[expected.Length];
        ClassScores.Best(scores, best);
        Assert.Equal(expected, best);
    }

    [Fact]
    public void Best_ManyScores_IsTheStartOfTheSortedOnes()
    {
        var random = new Random(7);
        var scores = Enumerable.Range(0, 1000).Select(_ => (float)random.Next(300)).ToArray();
        var best = new long[50];
        ClassScores.Best(scores, best);
        Assert.Equal(Enumerable.Range(0, 1000).OrderByDescending(i => scores[i]).ThenBy(i => i).Take(50).Select(i => (long)i), best);
    }
}
