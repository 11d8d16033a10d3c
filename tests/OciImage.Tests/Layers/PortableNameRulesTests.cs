using System.Text;
using OciImage.Layers;

namespace OciImage.Tests.Layers;

public sealed class PortableNameRulesTests
{
    [Theory] // P27
    [InlineData("CON")]
    [InlineData("nul.txt")]
    [InlineData("Aux.tar.gz")]
    [InlineData("COM1")]
    [InlineData("com0")]
    [InlineData("LPT\u00b9.x")] // superscript digits count
    [InlineData("CONIN$")]
    [InlineData("NUL .txt")] // blanks before the dot are dropped
    [InlineData("a.")]
    [InlineData("a ")]
    [InlineData("f:ads")]
    [InlineData("a\\b")]
    [InlineData("a?")]
    [InlineData("a\u0001b")]
    [InlineData("...")]
    public void Read_RefusesOnWindows(string name)
    {
        Assert.NotNull(NameRules.Windows.Read(Encoding.UTF8.GetBytes(name), out _));
        Assert.Null(NameRules.MacOS.Read(Encoding.UTF8.GetBytes(name), out _));
    }

    [Theory]
    [InlineData("CONSOLE")]
    [InlineData("COM10")]
    [InlineData("COMa")]
    [InlineData("xNUL")]
    [InlineData(".config")]
    [InlineData("a b")]
    [InlineData("\u00e9")]
    public void Read_TakesOthers(string name)
    {
        Assert.Null(NameRules.Windows.Read(Encoding.UTF8.GetBytes(name), out string read));
        Assert.Equal(name, read);
    }

    [Fact]
    public void Read_RefusesWhatIsNoText()
    {
        Assert.NotNull(NameRules.Windows.Read([0x61, 0xff], out _));
        Assert.NotNull(NameRules.MacOS.Read([0xc3], out _));
        Assert.NotNull(NameRules.Unix.Read([0xed, 0xa0, 0x80], out _)); // a lone surrogate
        Assert.NotNull(NameRules.MacOS.Read(Encoding.UTF8.GetBytes(new string('a', 256)), out _));
    }

    [Theory]
    [InlineData("Readme", "README")]
    [InlineData("\u00e9", "e\u0301")] // composed and not
    [InlineData("\u00c9", "e\u0301")]
    public void KeyOf_FindsNamesThatAreOneWhereNamesAreFolded(string left, string right)
    {
        Assert.SkipWhen(
            "\u00e9".Normalize(NormalizationForm.FormD).Length == 1 && right.Length > 1 && right[1] == '\u0301',
            "The host has no data for normalisation (invariant globalization).");

        Assert.Equal(NameRules.Windows.KeyOf(left), NameRules.Windows.KeyOf(right));
        Assert.Equal(NameRules.MacOS.KeyOf(left), NameRules.MacOS.KeyOf(right));
        Assert.NotEqual(NameRules.Unix.KeyOf(left), NameRules.Unix.KeyOf(right));
    }
}
