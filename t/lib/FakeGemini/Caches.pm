package FakeGemini::Caches;

# cachedContents: of one project and of one model.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use FakeGemini::Json qw(data_answer o);
use FakeGemini::Refs qw(foreign_reference);
use FakeGemini::Store qw(rfc3339 seconds);

our @EXPORT_OK = qw(cache_calls);

use constant HOUR => 3600;


sub cache_calls () {
    return (
        'cachedContents.list'   => \&list,
        'cachedContents.create' => \&create,
        'cachedContents.get'    => \&get,
        'cachedContents.update' => \&update,
        'cachedContents.delete' => \&remove,
    );
}


sub shown ($item) {
    return o(
        name        => $item->{name},
        model       => $item->{model},
        defined $item->{title} ? (displayName => $item->{title}) : (),
        createTime  => rfc3339($item->{created}),
        updateTime  => rfc3339($item->{updated}),
        expireTime  => rfc3339($item->{expires}),
        usageMetadata => o(totalTokenCount => $item->{tokens}),
    );
}


sub list ($app, $req) {
    return $app->store->page('cachedContents', $req, \&shown);
}


sub create ($app, $req) {
    my $body = $req->{data};

    return ('bad_json', {}) if ref $body ne 'HASH';
    return ('no_model', {}) unless defined $body->{model};

    my $name = $body->{model} =~ s{^models/}{}r;
    my $model = $app->model($name);

    $req->{model} = $name;
    return ('model404', {}) if !$model
        || !grep { $_ eq 'createCachedContent' } @{$model->{methods}};

    my @bad = foreign_reference($app, {%$req, data => {
        contents => $body->{contents}, tools => $body->{tools}}});
    return @bad if @bad;

    my $life = life($body, HOUR) // return ('bad_ttl', {});

    return data_answer(shown($app->store->add('cachedContents', $req,
        model   => "models/$name",
        title   => $body->{displayName} // $body->{display_name},
        expires => time + $life,
        tokens  => $req->{prompt},
    )));
}


sub life ($body, $default) {
    my $ttl = $body->{ttl};
    my $until = $body->{expireTime} // $body->{expire_time};

    return $default unless defined $ttl || defined $until;
    return seconds($ttl, $until);
}


sub get ($app, $req) {
    my $cache = $app->store->own('cachedContents', $req->{id}, $req)
        // return $app->store->refusal('cachedContents', $req->{id});

    return data_answer(shown($cache));
}


# only its end can be moved
sub update ($app, $req) {
    my $cache = $app->store->own('cachedContents', $req->{id}, $req)
        // return $app->store->refusal('cachedContents', $req->{id});

    return ('bad_json', {}) if ref $req->{data} ne 'HASH';

    my $life = life($req->{data}, undef) // return ('bad_ttl', {});

    $cache->{expires} = time + $life;
    $cache->{updated} = time;

    return data_answer(shown($cache));
}


sub remove ($app, $req) {
    my $cache = $app->store->own('cachedContents', $req->{id}, $req)
        // return $app->store->refusal('cachedContents', $req->{id});

    $app->store->drop($cache);
    return data_answer(o());
}


1;
