//! `GET /shows`.

use crate::{
    harness::{Person, World, client::Client, performance_details, show_details},
    routes::{complaint, needs_no_login, refuses_bad_pages},
};
use serde_json::{Value, json};

/// A show with performances at those starts: its path.
async fn playing(world: &World, organizer: &Person, show: Value, starts: &[&str]) -> String {
    let mut details = show_details();
    details.as_object_mut().unwrap().extend(show.as_object().unwrap().clone());
    let path = organizer.post("/shows", details).await.expect(201).header("location");
    for start in starts {
        let body = performance_details(world.app(), json!({"startsAt": start}));
        organizer.post(&format!("{path}/performances"), body).await.expect(201);
    }
    path
}

/// The titles of a whole list, page by page.
async fn titles(client: &Client, query: &str, limit: u32) -> Vec<String> {
    let mut titles = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/shows?{query}&limit={limit}{cursor}")).await.expect(200);
        titles.extend(page.items().iter().map(|show| show["title"].as_str().unwrap().to_owned()));
        match page.json["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return titles,
        }
    }
}

/// C1: category, keyword and dates, alone and together.
#[tokio::test]
async fn filters_combine() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show =
            |title: &str, category: &str, venue: &str| json!({"title": title, "category": category, "venue": venue});
        playing(
            world,
            &organizer,
            show("Aida", "musical", "Blue Hall"),
            &["2099-01-01T10:00:00Z", "2099-03-01T10:00:00Z"],
        )
        .await;
        playing(world, &organizer, show("애니 OST 콘서트", "concert", "올림픽홀"), &["2099-02-01T10:00:00Z"]).await;
        let mut described = show("Nora", "play", "Red Hall");
        described["description"] = json!("By IBSEN,\nnot by Verdi's aida");
        playing(world, &organizer, described, &[]).await;
        let anyone = world.anyone();
        for (query, expected) in [
            ("category=concert", vec!["애니 OST 콘서트"]),
            ("category=movie", vec![]),
            ("keyword=aIDA", vec!["Nora", "Aida"]),
            ("keyword=hall", vec!["Nora", "Aida"]),
            ("keyword=%EC%98%AC%EB%A6%BC%ED%94%BD", vec!["애니 OST 콘서트"]),
            ("keyword=ost%20%EC%BD%98", vec!["애니 OST 콘서트"]),
            ("keyword=ibsen", vec!["Nora"]),
            ("keyword=%25", vec![]),
            ("keyword=aida&category=musical", vec!["Aida"]),
            ("from=2099-01-01T00:00:00Z", vec!["애니 OST 콘서트", "Aida"]),
            ("to=2099-02-01T10:00:00Z", vec!["Aida"]),
            ("to=2099-02-01T10:00:01Z", vec!["애니 OST 콘서트", "Aida"]),
            ("from=2099-01-01T10:00:00Z&to=2099-01-01T10:00:01Z", vec!["Aida"]),
            // It plays before and after the range, but not in it.
            ("from=2099-01-01T10:00:01Z&to=2099-03-01T10:00:00Z", vec!["애니 OST 콘서트"]),
            ("from=2099-03-01T19:00:00%2B09:00", vec!["Aida"]),
            ("from=2099-03-01T10:00:01Z", vec![]),
            ("from=2099-03-01T00:00:00Z&to=2099-01-01T00:00:00Z", vec![]),
            ("from=2099-01-02T00:00:00Z&to=2099-02-02T00:00:00Z&keyword=hall", vec![]),
        ] {
            for limit in [1, 100] {
                assert_eq!(titles(&anyone, query, limit).await, expected, "{query} by {limit}");
            }
        }
    })
    .await;
}

/// C1: by name, recent, ending soon.
#[tokio::test]
async fn shows_are_sorted() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let soon = world.stack.clock().now().plus_seconds(3_600).to_string();
        let titled = |title: &str| json!({"title": title});
        let first =
            playing(world, &organizer, titled("cats 2"), &["2099-05-01T10:00:00Z", "2098-01-01T10:00:00Z"]).await;
        playing(world, &organizer, titled("Cats"), &["2099-04-01T10:00:00Z"]).await;
        playing(world, &organizer, titled("나비"), &[]).await;
        playing(world, &organizer, titled("Aida"), &[soon.as_str()]).await;
        playing(world, &organizer, titled("가을"), &["2099-04-01T10:00:01Z"]).await;
        let anyone = world.anyone();
        let by = async |sort: &str| {
            let whole = titles(&anyone, &format!("sort={sort}"), 100).await;
            assert_eq!(titles(&anyone, &format!("sort={sort}"), 2).await, whole, "page by page");
            whole
        };
        assert_eq!(by("recent").await, ["가을", "Aida", "나비", "Cats", "cats 2"]);
        assert_eq!(by("title").await, ["Aida", "Cats", "cats 2", "가을", "나비"]);
        assert_eq!(by("ending").await, ["Aida", "Cats", "가을", "cats 2"]);
        assert_eq!(titles(&anyone, "sort=ending&keyword=cats", 1).await, ["Cats", "cats 2"]);

        // The last performance moves, is deleted, or has passed.
        let dates = anyone.get(&format!("{first}/performances")).await.items();
        let last = format!("/performances/{}", dates[1]["performanceId"].as_str().unwrap());
        let body = performance_details(world.app(), json!({"startsAt": "2097-01-01T10:00:00Z"}));
        organizer.put(&last, body).await.expect(200);
        assert_eq!(by("ending").await, ["Aida", "cats 2", "Cats", "가을"]);
        let now_last = format!("/performances/{}", dates[0]["performanceId"].as_str().unwrap());
        organizer.delete(&now_last).await.expect(204);
        assert_eq!(titles(&anyone, "from=2097-06-01T00:00:00Z&keyword=cats", 9).await, ["Cats"]);
        world.advance_seconds(3_601);
        assert_eq!(by("ending").await, ["cats 2", "Cats", "가을"]);
        assert_eq!(by("title").await, ["Aida", "Cats", "cats 2", "가을", "나비"]);
    })
    .await;
}

#[tokio::test]
async fn invalid_filters_are_refused() {
    World::run(async |world| {
        let long = "k".repeat(101);
        for (query, field) in [
            ("category=opera", "category"),
            ("category=", "category"),
            ("keyword=", "keyword"),
            ("keyword=%20", "keyword"),
            ("keyword=a%0Ab", "keyword"),
            ("from=tomorrow", "from"),
            ("to=2099-01-01", "to"),
            ("sort=price", "sort"),
            ("sort=Title", "sort"),
            ("order=title", "order"),
        ] {
            assert_eq!(complaint(world.anyone().get(&format!("/shows?{query}")).await), field, "{query}");
        }
        assert_eq!(complaint(world.anyone().get(&format!("/shows?keyword={long}")).await), "keyword");
        // A cursor is bound to its filters and its sort.
        let organizer = world.organizer().await;
        for _ in 0..2 {
            organizer.post("/shows", show_details()).await.expect(201);
        }
        let cursor = world.anyone().get("/shows?limit=1&sort=title").await.text("nextCursor");
        for other in ["", "&sort=recent", "&sort=ending", "&sort=title&keyword=a", "&sort=title&category=play"] {
            let path = format!("/shows?limit=1&cursor={cursor}{other}");
            assert_eq!(complaint(world.anyone().get(&path).await), "cursor", "{other}");
        }
        let path = format!("/shows?limit=1&cursor={cursor}&sort=title");
        assert_eq!(world.anyone().get(&path).await.expect(200).items().len(), 1);
    })
    .await;
}

/// Even the longest keyword and the longest title make a cursor that is accepted.
#[tokio::test]
async fn the_longest_cursor_is_accepted() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let title = "\u{1d11e}".repeat(200);
        for _ in 0..2 {
            playing(world, &organizer, json!({"title": title}), &[]).await;
        }
        let query = format!("sort=title&keyword={}", "%F0%9D%84%9E".repeat(100));
        assert_eq!(titles(&world.anyone(), &query, 1).await, [title.clone(), title]);
    })
    .await;
}

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let empty = world.anyone().get("/shows").await.expect(200);
        assert_eq!(empty.json, json!({"items": [], "nextCursor": null}));
        assert_eq!(empty.header("cache-control"), "public, max-age=5");

        let organizer = world.organizer().await;
        let mut shows = Vec::new();
        for _ in 0..22 {
            shows.push(organizer.post("/shows", show_details()).await.expect(201).json);
        }
        let ids: Vec<_> = shows.iter().map(|show| show["showId"].as_str().unwrap()).collect();
        assert!(ids.is_sorted(), "ids are time-ordered");
        shows.reverse();

        let page = world.anyone().get("/shows").await.expect(200);
        assert_eq!(page.items(), shows[..20], "newest first, twenty by default");
        let rest = world.anyone().get(&format!("/shows?cursor={}", page.text("nextCursor"))).await.expect(200);
        assert_eq!((rest.items(), &rest.json["nextCursor"]), (shows[20..].to_vec(), &json!(null)));
        assert_eq!(world.anyone().all("/shows").await, shows);
        assert_eq!(world.anyone().get("/shows?limit=1").await.items(), shows[..1]);
        // A page keeps its position if a newer show is added in between.
        organizer.post("/shows", show_details()).await.expect(201);
        let again = world.anyone().get(&format!("/shows?cursor={}", page.text("nextCursor"))).await.expect(200);
        assert_eq!(again.items(), shows[20..]);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_no_login(world, "GET", "/shows", None, 200).await).await;
}

#[tokio::test]
async fn invalid_pages_are_refused() {
    World::run(async |world| {
        refuses_bad_pages(&world.anyone(), "/shows").await;
        let organizer = world.organizer().await;
        for _ in 0..2 {
            organizer.post("/shows", show_details()).await.expect(201);
        }
        let cursor = world.anyone().get("/shows?limit=1").await.text("nextCursor");
        for other in [format!("{cursor}A"), cursor[1..].to_owned(), cursor.to_uppercase()] {
            world.anyone().get(&format!("/shows?cursor={other}")).await.problem(400, "invalid_request");
        }
        organizer.get(&format!("/holds?cursor={cursor}")).await.problem(400, "invalid_request");
        organizer.get(&format!("/reservations?cursor={cursor}")).await.problem(400, "invalid_request");
    })
    .await;
}

/// Every public response has an entity tag, with which an unchanged response is not sent again.
#[tokio::test]
async fn an_unchanged_catalogue_returns_304() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", show_details()).await.expect(201).text("showId");
        for path in ["/shows".to_owned(), format!("/shows/{show}"), format!("/shows/{show}/performances")] {
            let first = world.anyone().get(&path).await.expect(200);
            let again = world.anyone().with("If-None-Match", &first.header("etag"));
            assert_eq!(again.get(&path).await.expect(304).header("cache-control"), first.header("cache-control"));
        }
        let again = world.anyone().with("If-None-Match", &world.anyone().get("/shows").await.header("etag"));
        organizer.post("/shows", show_details()).await.expect(201);
        again.get("/shows").await.expect(200);
        // Personal data has none.
        let mine = world.member(0).await.with("If-None-Match", "*").get("/points").await.expect(200);
        assert_eq!((mine.header("etag"), mine.header("vary")), (String::new(), String::new()));
    })
    .await;
}

/// The cost of a search is limited, however much organizers write: with 300 shows of 30 kB nothing is found, and the
/// pages are short and cheap.
#[tokio::test(flavor = "multi_thread")]
async fn the_cost_of_a_search_is_bounded() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        for number in 0..300 {
            let description = "가나다라마 ".repeat(1_660);
            let mut show = show_details();
            show["title"] = json!(format!("Show {number:03}"));
            show["description"] = json!(description.trim());
            let made = organizer.post("/shows", show).await.expect(201);
            if number == 0 {
                let found = world.anyone().get(&made.header("location")).await.expect(200);
                assert_eq!(found.json, made.json, "one show alone has all of its description");
            }
        }
        let mut cursor = String::new();
        let (mut pages, mut units) = (0, 0.0);
        loop {
            let path = format!("/shows?keyword=zzz&limit=100{cursor}");
            let (page, cost) = world.wire.meter(world.anyone().get(&path)).await;
            let page = page.expect(200);
            let cost: Vec<_> = cost.iter().filter(|call| call.function == Some("list_shows")).collect();
            let read: f64 = cost.iter().map(|call| call.read_units).sum();
            println!("page {pages}: {} calls, {read} read units", cost.len());
            assert!(cost.len() <= 2 && read <= 60.0, "{} calls, {read} read units", cost.len());
            assert!(page.items().is_empty());
            (pages, units) = (pages + 1, units + read);
            match page.json["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        println!("{pages} pages, {units} read units in all");
        assert_eq!(titles(&world.anyone(), "keyword=show%20299", 100).await, ["Show 299"]);
        assert_eq!(titles(&world.anyone(), "keyword=%EB%9D%BC%EB%A7%88", 100).await.len(), 300);
        let (page, cost) = world.wire.meter(world.anyone().get("/shows?limit=100")).await;
        assert_eq!(page.expect(200).items().len(), 100);
        let read: f64 =
            cost.iter().filter(|call| call.function == Some("list_shows")).map(|call| call.read_units).sum();
        println!("a page of 100: {read} read units");
        assert!(read <= 30.0, "{read}");
    })
    .await;
}

/// A list contains, for each show, its dates, its lowest price and its state of sales.
#[tokio::test]
async fn shows_list_their_dates_prices_and_sales() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", show_details()).await.expect(201).header("location");
        let listed = async || world.anyone().get("/shows").await.items().remove(0);
        let listed = async || {
            let show = listed().await;
            assert_eq!((&show["currency"], &show), (&json!("KRW"), &world.anyone().get(&format!("/shows/{}", show["showId"].as_str().unwrap())).await.json));
            (show["firstStartsAt"].clone(), show["lastStartsAt"].clone(), show["priceFrom"].clone(), show["salesState"].clone())
        };
        assert_eq!(listed().await, (json!(null), json!(null), json!(null), json!("upcoming")));
        let place = |start: &str, price: u32| {
            let areas = json!([{"grade": "S", "price": price + 1, "capacity": 5}, {"grade": "R", "price": price, "capacity": 5}]);
            performance_details(world.app(), json!({"startsAt": start, "seating": {"type": "general", "areas": areas}}))
        };
        let (early, late) = ("2099-01-01T10:00:00Z", "2099-02-01T10:00:00Z");
        let dates = format!("{show}/performances");
        let cheap = organizer.post(&dates, place(late, 300)).await.expect(201).header("location");
        let dear = organizer.post(&dates, place(early, 500)).await.expect(201).header("location");
        assert_eq!(listed().await, (json!(early), json!(late), json!(300), json!("open")));
        organizer.put(&cheap, place(late, 400)).await.expect(200);
        assert_eq!(listed().await.2, json!(400));
        organizer.post(&format!("{cheap}/cancellation"), json!({"reason": "Snow."})).await.expect(202);
        assert_eq!(listed().await, (json!(early), json!(late), json!(500), json!("open")));
        organizer.delete(&dear).await.expect(204);
        assert_eq!(listed().await, (json!(late), json!(late), json!(null), json!("cancelled")));
        let mut later = place(early, 700);
        later["salesOpenAt"] = json!("2098-01-01T00:00:00Z");
        organizer.post(&dates, later).await.expect(201);
        assert_eq!(listed().await, (json!(early), json!(late), json!(700), json!("upcoming")));
    })
    .await;
}
