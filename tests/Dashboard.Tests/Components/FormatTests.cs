using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Tests.Components;

public sealed class FormatTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 8, 47, 3, TimeSpan.Zero);

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(512, "512 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(1_048_575, "1 MiB")]
    [InlineData(25_480_397, "24.3 MiB")]
    [InlineData(2_147_483_648, "2 GiB")]
    [InlineData(-2048, "-2 KiB")]
    public void Bytes_AnySize_IsInBinaryUnits(double bytes, string expected) => Assert.Equal(expected, Format.Bytes(bytes));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.25, "0.25")]
    [InlineData(42, "42")]
    [InlineData(9876, "9,876")]
    [InlineData(12_345, "12.3 k")]
    [InlineData(4_560_000, "4.56 M")]
    [InlineData(999_950, "1 M")]
    public void Count_AnySize_HasAboutThreeDigits(double count, string expected) => Assert.Equal(expected, Format.Count(count));

    [Theory]
    [InlineData(0, "0 %")]
    [InlineData(0.000_2, "0.02 %")]
    [InlineData(0.045, "4.5 %")]
    [InlineData(0.999, "99.9 %")]
    [InlineData(1, "100 %")]
    public void Percent_AnyShare_KeepsSmallOnesVisible(double share, string expected) => Assert.Equal(expected, Format.Percent(share));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(0.000_85, "850 µs")]
    [InlineData(0.012_4, "12.4 ms")]
    [InlineData(0.25, "250 ms")]
    [InlineData(0.999_9, "1 s")]
    [InlineData(4.2, "4.2 s")]
    [InlineData(59.9, "1 min")]
    [InlineData(200, "3 min 20 s")]
    [InlineData(3599.8, "1 h")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(273_600, "3 d 4 h")]
    [InlineData(-90, "-1 min 30 s")]
    public void Duration_AnyLength_HasAtMostTwoUnits(double seconds, string expected) =>
        Assert.Equal(expected, Format.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(-2, "just now")]
    [InlineData(-12, "12 s ago")]
    [InlineData(-61, "1 min ago")]
    [InlineData(-7200, "2 h ago")]
    [InlineData(-432_000, "5 d ago")]
    [InlineData(240, "in 4 min")]
    [InlineData(-7_776_000, "2026-08-24")]
    public void Relative_AnyDistance_ReadsAsPeopleSayIt(int seconds, string expected) => Assert.Equal(expected, Format.Relative(Now.AddSeconds(seconds), Now));

    [Fact]
    public void Absolute_OtherOffset_IsInUtc() =>
        Assert.Equal("2026-11-22 08:47:03 UTC", Format.Absolute(Now.ToOffset(TimeSpan.FromHours(5))));

    [Theory]
    [InlineData("sha256:9f86d081884c7d659a2feaa0", "9f86d081884c")]
    [InlineData("9f86d081884c7d659a2feaa0", "9f86d081884c")]
    [InlineData("short", "short")]
    public void ShortHash_WithAndWithoutAlgorithm_KeepsTheFirstDigits(string hash, string expected) => Assert.Equal(expected, Format.ShortHash(hash));
}
