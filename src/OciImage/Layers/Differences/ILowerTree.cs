namespace OciImage.Layers;

/// <summary>The tree that another is compared with, walked in step with it.</summary>
internal interface ILowerTree : IDisposable
{
    /// <summary>Gets the root, or <see langword="null"/> where there is no tree at all.</summary>
    TreeNode? Root { get; }

    /// <summary>Returns what stands in the current directory, in the order of the names, without sockets.</summary>
    IReadOnlyList<TreeNode> List();

    /// <summary>Goes into a directory that was listed in the current one.</summary>
    void Enter(TreeNode directory);

    /// <summary>Goes back to the directory above.</summary>
    void Leave();

    /// <summary>Tells whether a node of this tree has the same attributes as one of the other.</summary>
    bool HasXattrs(TreeNode lower, TreeNode upper);

    /// <summary>Tells whether a file in the current directory has the same content as one of the other tree, of the same size.</summary>
    ValueTask<bool> HasContentAsync(TreeNode lower, TreeNode upper, Func<SourceFile> open, CancellationToken cancellationToken);
}
